"""Decodes events as programs that use the openai package do. Arguments: the dialect, the file of events, one a line."""

import json
import sys
import typing

from openai.types.beta import realtime as beta
from openai.types import realtime as ga
from pydantic import TypeAdapter, ValidationError

dialect, file = sys.argv[1:]
union = typing.get_args((beta if dialect == "beta" else ga).RealtimeServerEvent)[0]
members = {}
for member in typing.get_args(union):
    for name in typing.get_args(member.model_fields["type"].annotation):
        members[name] = TypeAdapter(member)


def fault(event: str) -> str | None:
    adapter = members.get(json.loads(event)["type"])
    if adapter is None:
        return "no such type"
    try:
        adapter.validate_json(event, strict=True)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return None


read = 0
with open(file, encoding="utf8") as events:
    for event in events:
        read += 1
        reason = fault(event)
        if reason is not None:
            print(json.dumps({"line": read, "reason": reason}))
print(json.dumps({"read": read}))

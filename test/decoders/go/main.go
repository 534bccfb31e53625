// Decodes events of GA as programs that use go-openai-realtime do. Arguments: the dialect, the file of events, one a line.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	realtime "github.com/WqyJh/go-openai-realtime/v2"
)

type fault struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

func main() {
	file, err := os.Open(os.Args[2])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	answer := json.NewEncoder(os.Stdout)
	read := 0
	for lines.Scan() {
		read++
		if _, err := realtime.UnmarshalServerEvent(lines.Bytes()); err != nil {
			answer.Encode(fault{read, err.Error()})
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
	answer.Encode(map[string]int{"read": read})
}

//! Decodes events of GA as programs that use async-openai do. Arguments: the dialect, the file of events, one a line.
use async_openai::types::realtime::RealtimeServerEvent;
use serde_json::json;

fn main() {
    let file = std::env::args().nth(2).expect("a file of events");
    let events = std::fs::read_to_string(file).expect("events");
    let mut read = 0;
    for line in events.lines() {
        read += 1;
        if let Err(error) = serde_json::from_str::<RealtimeServerEvent>(line) {
            println!("{}", json!({ "line": read, "reason": error.to_string() }));
        }
    }
    println!("{}", json!({ "read": read }));
}

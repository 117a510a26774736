//! Replies as `celery inspect` prints them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// The replies of all nodes, with Celery's last line `1 node online.`
pub fn replies(replies: &BTreeMap<String, Value>) -> String {
    let mut out = String::new();
    for (node, reply) in replies {
        let (status, body) = pretty(reply);
        let _ = writeln!(out, "->  {node}: {status}");
        if !body.is_empty() {
            let _ = writeln!(out, "{}", indent(&body, 4));
        }
    }
    let _ = writeln!(out, "\n{}", online(replies.len()));
    out
}

/// The nodes that answered a ping, as `celery status` prints them.
pub fn status(replies: &BTreeMap<String, Value>) -> String {
    let mut out = String::new();
    for (node, reply) in replies {
        let _ = writeln!(out, "->  {node}: {}", pretty(reply).0);
    }
    let _ = writeln!(out, "\n{}", online(replies.len()));
    out
}

fn online(nodes: usize) -> String {
    format!("{nodes} {} online.", if nodes == 1 { "node" } else { "nodes" })
}

/// A status word and the lines of one reply.
fn pretty(reply: &Value) -> (&'static str, String) {
    match reply {
        Value::Array(items) if items.is_empty() => ("OK", "- empty -".to_owned()),
        Value::Array(items) => {
            ("OK", items.iter().map(|item| format!("* {}", one_line(item))).collect::<Vec<_>>().join("\n"))
        }
        Value::Object(fields) => match (fields.get("ok"), fields.get("error")) {
            (Some(ok), _) => ("OK", indent(&pretty(ok).1, 4)),
            (None, Some(error)) => ("ERROR", indent(&pretty(error).1, 4)),
            (None, None) => ("OK", serde_json::to_string_pretty(reply).unwrap_or_default()),
        },
        Value::String(text) => ("OK", text.clone()),
        other => ("OK", other.to_string()),
    }
}

fn one_line(item: &Value) -> String {
    match item {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    text.lines().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_read_as_those_of_celery() {
        let nodes = BTreeMap::from([
            ("w1@lab".to_owned(), json!({"ok": "pong"})),
            ("w2@lab".to_owned(), json!([])),
            ("w3@lab".to_owned(), json!(["tasks.a", {"id": "x"}])),
            ("w4@lab".to_owned(), json!({"error": "KeyError('nope')"})),
        ]);
        insta::assert_snapshot!(replies(&nodes), @r#"
        ->  w1@lab: OK
                pong
        ->  w2@lab: OK
            - empty -
        ->  w3@lab: OK
            * tasks.a
            * {"id":"x"}
        ->  w4@lab: ERROR
                KeyError('nope')

        4 nodes online.
        "#);
    }

    #[test]
    fn the_status_counts_one_node_in_the_singular() {
        let nodes = BTreeMap::from([("w1@lab".to_owned(), json!({"ok": "pong"}))]);
        assert_eq!(status(&nodes), "->  w1@lab: OK\n\n1 node online.\n");
    }
}

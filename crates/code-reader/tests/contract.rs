//! What the API answers is what its description declares: every operation is asked in every way that it may refuse.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{House, Server, shop};
use reqwest::blocking::{RequestBuilder, Response};
use serde_json::{Value, json};

/// What no test brings about at will: a client that keeps the server waiting, the server's own mistakes, and a database
/// or queue that is away.
const NOT_PROVOKED: [&str; 3] = ["408", "500", "503"];

/// An operation of the description.
struct Operation {
    method: String,
    path: String,
    /// Kinds of content by declared status.
    declared: BTreeMap<String, Vec<String>>,
    seen: BTreeSet<String>,
}

impl Operation {
    fn all(api: &Value) -> Vec<Operation> {
        let mut all = Vec::new();
        for (path, item) in api["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let kinds = |response: &Value| {
                    let content = response["content"].as_object();
                    content.into_iter().flat_map(|content| content.keys().cloned()).collect()
                };
                let responses = operation["responses"].as_object().unwrap();
                all.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    declared: responses.iter().map(|(status, told)| (status.clone(), kinds(told))).collect(),
                    seen: BTreeSet::new(),
                });
            }
        }
        all
    }

    /// The address for the analysis of this name.
    fn at(&self, analysis: &str) -> String {
        self.path
            .replace("{id}", analysis)
            .replace("{path}", "shop/prices.py")
            .replace("{slug}", "overview")
            .replace("{task_id}", "nobody")
    }

    fn request(&self, server: &Server, path: &str) -> RequestBuilder {
        let asked = server.client.request(self.method.parse().unwrap(), format!("{}{path}", server.url));
        asked.header("authorization", "Bearer s3cret")
    }

    /// Asks, and holds the answer against what is declared.
    fn ask(&mut self, path: &str, request: RequestBuilder) {
        let answer = request.send().unwrap();
        let (status, kind) = told_by(&answer);
        let name = format!("{} {path} answered {status}", self.method);
        let Some(kinds) = self.declared.get(&status) else {
            panic!("{name}, which is not declared: {}", answer.text().unwrap());
        };
        assert!(kinds.is_empty() || kinds.contains(&kind), "{name} as {kind}, declared is {kinds:?}");
        self.seen.insert(status);
    }
}

fn told_by(answer: &Response) -> (String, String) {
    let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap());
    (answer.status().as_u16().to_string(), kind.split(';').next().unwrap().to_owned())
}

#[test]
fn what_is_answered_is_declared_and_what_is_declared_is_answered() {
    let house = House::new().with("AUTH_TOKEN", "s3cret").with("MAX_UPLOAD_BYTES", "1000");
    let folder = shop(&house);
    house.ok(&["read", folder.to_str().unwrap(), "--name", "whole"]);
    let large = house.write("large/large.py", &"x = 1\n".repeat(400_000));
    house.fails(1, &["read", large.parent().unwrap().to_str().unwrap(), "--name", "nothing"]);
    for name in ["gone", "ends"] {
        house.ok(&["read", folder.to_str().unwrap(), "--name", name]);
    }
    // Without a worker: what is submitted waits for whoever cancels it.
    let server = house.start("api");
    let api = server.client.get(format!("{}/openapi.json", server.url)).bearer_auth("s3cret");
    let mut operations = Operation::all(&api.send().unwrap().json().unwrap());
    assert!(operations.len() > 18);

    for operation in &mut operations {
        // What others are asked for later on is not removed.
        let (there, failed) =
            if operation.method == "DELETE" { ("gone", "ends") } else { ("whole", "nothing") };
        let plain = operation.at(there);
        // What is there, what failed before it was indexed, what is not there, what cannot be meant.
        let ways = [
            plain.clone(),
            operation.at(failed),
            operation.at("nobody"),
            operation.at("%FF"),
            plain.replace("/nobody", "/%FF"),
            format!("{plain}?limit=x&cursor=~&level=x&format=x&start_line=x&skipped=x&kind=x&exported=x"),
            format!("{plain}?q=price"),
            format!("{}?q=price", operation.at(failed)),
            format!("{}?q=price", operation.at("nobody")),
            plain.replace("prices.py", "nothing.py").replace("overview", "nothing"),
        ];
        for path in &ways {
            operation.ask(path, operation.request(&server, path));
        }
        // The guard.
        let path = &plain;
        operation.ask(path, operation.request(&server, path).header("host", "evil.example"));
        operation.ask(path, operation.request(&server, path).header("origin", "https://evil.example"));
        let unknown =
            server.client.request(operation.method.parse().unwrap(), format!("{}{path}", server.url));
        operation.ask(path, unknown);
        let two_hosts =
            operation.request(&server, path).header("host", "localhost").header("host", "localhost");
        operation.ask(path, two_hosts);
        let patch = server.client.patch(format!("{}{path}", server.url)).bearer_auth("s3cret");
        operation.ask(path, patch);
        // Bodies of every kind.
        if operation.method == "POST" {
            let submitted = |body: Value| operation.request(&server, path).json(&body);
            let bodies = [
                submitted(json!({"source": {"path": folder}, "name": "new"})),
                submitted(json!({"source": {"upload": "nothing"}})),
                submitted(json!({"source": {"path": "/no/such"}})),
                submitted(json!({"source": 3})),
                operation.request(&server, path).header("content-type", "application/json").body("{"),
                operation.request(&server, path).body("text"),
                operation.request(&server, path).json(&"x".repeat(8 << 20)),
                operation.request(&server, path).body(zip()),
            ];
            for request in bodies {
                operation.ask(path, request);
            }
        }
        if operation.path.ends_with("/events") {
            let over = operation.request(&server, path).header("last-event-id", "1000000");
            operation.ask(path, over);
        }
        if operation.path.ends_with("/cancel") {
            operation.ask(path, operation.request(&server, &operation.at("new")));
        }
    }
    for operation in &operations {
        let missing: Vec<_> = operation
            .declared
            .keys()
            .filter(|status| !operation.seen.contains(*status) && !NOT_PROVOKED.contains(&status.as_str()))
            .collect();
        assert!(missing.is_empty(), "{} {} never answered {missing:?}", operation.method, operation.path);
    }
}

/// An archive without entries but one empty file.
fn zip() -> Vec<u8> {
    let mut bytes = Vec::new();
    let local = [
        &b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0a.py"[..],
        b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a.py",
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x32\0\0\0\x22\0\0\0\0\0",
    ];
    local.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

//! The server as its users meet it: API, guard, supervised worker, pages in a real browser.

mod common;

use std::process::Command;

use common::{House, kill, shop, wait_for};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

#[test]
fn an_analysis_is_submitted_followed_and_read_over_http() {
    let house = House::new();
    let folder = shop(&house);
    let server = house.serve();
    let (status, accepted) = server.post("/api/v1/analyses", &json!({"source": {"path": folder}}));
    assert_eq!(status, 202, "{accepted}");
    let id = accepted["id"].as_str().unwrap();
    let stream = server
        .client
        .get(format!("{}{}", server.url, accepted["links"]["events"].as_str().unwrap()))
        .send()
        .unwrap();
    let events = stream.text().unwrap();
    assert!(events.contains("event: analysis") && events.contains("\"status\":\"completed\""), "{events}");
    let analysis = server.ended(id);
    assert_eq!(analysis["status"], "completed", "{analysis}");

    let base = format!("/api/v1/analyses/{id}");
    let files = server.get(&format!("{base}/files?limit=3"));
    assert_eq!(files["items"].as_array().unwrap().len(), 3);
    assert!(files["next"].is_string());
    // What is said of a file is the same in the list, of the file alone, and in the export.
    let said = |files: &Value| {
        let found = files.as_array().unwrap().iter().find(|file| file["path"] == "shop/prices.py").unwrap();
        found["summary"].as_str().unwrap().to_owned()
    };
    let whole = server.get(&format!("{base}/files"));
    assert!(said(&whole["items"]).contains("Prices of things"), "{whole}");
    assert_eq!(said(&whole["items"]), said(&server.get(&format!("{base}/export"))["files"]));
    assert_eq!(
        server.get(&format!("{base}/files/shop/prices.py"))["summary"],
        said(&whole["items"]).as_str()
    );
    let file = server.get(&format!("{base}/files/shop/prices.py?start_line=13&end_line=14"));
    assert!(file["source"]["text"].as_str().unwrap().starts_with("class PriceList"), "{file}");
    assert!(file["imported_by"].as_array().unwrap().contains(&json!("shop/web.py")));
    let symbols = server.get(&format!("{base}/symbols?name=PriceList"));
    assert_eq!(symbols["items"][0]["kind"], "class");
    for wanted in ["", "&exported=true", "&kind=function", "&name=p"] {
        let whole = server.get(&format!("{base}/symbols?limit=10000{wanted}"));
        assert_eq!(whole["next"], Value::Null);
        let (mut joined, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = server.get(&format!("{base}/symbols?limit=2{wanted}{cursor}"));
            joined.extend(part["items"].as_array().unwrap().clone());
            let Some(next) = part["next"].as_str() else { break };
            cursor = format!("&cursor={}", next.replace('/', "%2F"));
        }
        assert!(joined.len() > 2, "{wanted}: {whole}");
        assert_eq!(joined, *whole["items"].as_array().unwrap(), "{wanted}");
    }
    assert!(!server.get(&format!("{base}/items?kind=data_model"))["items"].as_array().unwrap().is_empty());
    assert!(!server.get(&format!("{base}/graph"))["edges"].as_array().unwrap().is_empty());
    let pages = server.get(&format!("{base}/pages"));
    let slug = pages["items"][0]["slug"].as_str().unwrap().to_owned();
    assert!(server.get(&format!("{base}/pages/{slug}"))["markdown"].is_string());
    assert_eq!(server.get(&format!("{base}/search?q=header"))["items"][0]["path"], "shop/prices.py");
    assert_eq!(server.get(&format!("{base}/export"))["version"], 1);
    let task = server.get(&format!("/api/v1/tasks/{}", accepted["task_id"].as_str().unwrap()));
    assert_eq!(task["state"], "SUCCESS", "{task}");
    assert_eq!(server.get("/openapi.json")["info"]["title"], "Code Reader");
    for path in ["/docs", "/healthz", "/readyz", "/metrics"] {
        assert!(
            server.client.get(format!("{}{path}", server.url)).send().unwrap().status().is_success(),
            "{path}"
        );
    }
    assert!(house.ok(&["status"]).contains("1 node online."));
    assert!(house.ok(&["inspect", "registered"]).contains("tasks.run_analysis_task"));
    assert!(house.ok(&["control", "pool_grow", "1"]).contains("pool will grow"));
    assert!(house.ok(&["queues"]).contains("analysis"));
    assert!(house.ok(&["list", "bindings"]).contains("analysis"));
    assert!(house.ok(&["dead-letters", "list"]).contains("No dead letters."));
    assert!(house.ok(&["report"]).contains("software -> celeriac:"));
    assert!(house.ok(&["purge", "-f", "-Q", "aside"]).contains("No messages purged from 1 queue."));
    let called = house.ok(&["call", "tasks.nobody", "--queue", "aside"]);
    house.fails(1, &["result", called.trim(), "--timeout", "0.1"]);
    house.fails(2, &["events"]);
    assert!(house.ok(&["call", "--help"]).contains("  code-reader call tasks.add"));

    let removed = server.client.delete(format!("{}{base}", server.url)).send().unwrap();
    assert_eq!(removed.status(), 204);
    assert_eq!(server.client.get(format!("{}{base}", server.url)).send().unwrap().status(), 404);
}

#[test]
fn errors_are_problem_documents_with_a_hint() {
    let house = House::new();
    let server = house.serve();
    let (status, problem) = server.post("/api/v1/analyses", &json!({"source": {"path": "/no/such/folder"}}));
    assert_eq!(status, 400, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("/no/such/folder"));
    assert!(problem["hint"].is_string());
    assert_eq!(server.post("/api/v1/analyses", &json!({"source": 3})).0, 422);
    let (status, problem) =
        server.post("/api/v1/analyses", &json!({"source": {"git": "http://127.0.0.1/x"}}));
    assert!((400..500).contains(&status), "{problem}");
    let send = |request: reqwest::blocking::RequestBuilder| request.send().unwrap().status().as_u16();
    let submit = || server.client.post(format!("{}/api/v1/analyses", server.url)).json(&json!({}));
    assert_eq!(send(submit().header("origin", "https://evil.example")), 403);
    assert_eq!(send(server.client.get(&server.url).header("host", "evil.example")), 403);
    assert_eq!(send(server.client.get(format!("{}/api/v1/nothing", server.url))), 404);
    assert_eq!(send(server.client.post(format!("{}/api/v1/uploads", server.url)).body("no archive")), 400);
    for wrong in ["?limit=x", "/%ff", "/x/search", "/x/graph?level=nothing"] {
        let answer = server.client.get(format!("{}/api/v1/analyses{wrong}", server.url)).send().unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"] == "application/problem+json"),
            (400, true),
            "{wrong}"
        );
    }
}

#[test]
fn what_is_not_there_is_told_in_the_same_way_whatever_the_method() {
    let server = House::new().serve();
    let ask = |method: &str, path: &str| {
        let url = format!("{}{path}", server.url);
        let answer = server.client.request(method.parse().unwrap(), url).send().unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        (answer.status().as_u16(), header("content-type"), header("allow"))
    };
    let problem = "application/problem+json".to_owned();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(ask(method, "/api/v1/nope"), (404, problem.clone(), String::new()), "{method}");
    }
    for path in ["/docs/", "/healthz/", "/readyz/", "/metrics/", "/openapi.json/"] {
        assert_eq!(ask("GET", path), (404, problem.clone(), String::new()), "{path}");
    }
    for (method, path, allowed) in [
        ("PUT", "/api/v1/analyses", "POST"),
        ("POST", "/api/v1/analyses/x/files/a.py", "GET"),
        ("POST", "/healthz", "GET"),
        ("POST", "/a/x", "GET"),
    ] {
        let (status, kind, allow) = ask(method, path);
        assert_eq!((status, &kind), (405, &problem), "{method} {path}");
        assert!(allow.contains(allowed), "{method} {path}: {allow}");
    }
    for cursor in ["zzz", "A", "zzzzzzzzzzzzzzzzz"] {
        assert_eq!(ask("GET", &format!("/api/v1/analyses?cursor={cursor}")).0, 400, "{cursor}");
    }
}

#[test]
fn an_analysis_that_found_nothing_says_so_and_asks_nobody_to_wait() {
    let house = House::new();
    let folder = house.write("large/large.py", &"x = 1\n".repeat(400_000));
    let server = house.serve();
    let source = json!({"source": {"path": folder.parent().unwrap()}});
    let (_, accepted) = server.post("/api/v1/analyses", &source);
    let id = accepted["id"].as_str().unwrap();
    let ended = server.ended(id);
    assert_eq!((&ended["status"], &ended["counts"]["skipped"]), (&json!("failed"), &json!(1)), "{ended}");
    assert_eq!(ended["counts"]["files"], 0, "{ended}");
    let files = server.client.get(format!("{}/api/v1/analyses/{id}/files", server.url)).send().unwrap();
    let problem: Value = files.json().unwrap();
    let told = problem.to_string();
    assert_eq!(problem["status"], 409, "{told}");
    assert!(told.contains("1 larger than 2 MiB") && !told.contains("Wait"), "{told}");
}

#[test]
fn a_second_server_and_a_taken_port_are_refused_with_a_reason() {
    let house = House::new();
    let server = house.serve();
    let second = house.fails(1, &["serve", "--port", "0"]);
    assert!(second.contains("already served") && second.contains(&server.url), "{second}");
    let port = server.url.rsplit(':').next().unwrap();
    let taken = House::new().fails(1, &["serve", "--port", port]);
    assert!(taken.contains("cannot listen") && taken.contains("--port"), "{taken}");
    let open = House::new().fails(2, &["serve", "--host", "0.0.0.0", "--port", "0"]);
    assert!(open.contains("AUTH_TOKEN"), "{open}");
}

#[test]
fn a_worker_killed_twice_finishes_and_asks_the_llm_nothing_twice() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let provider = runtime
        .block_on(fake_llm::FakeLlm::start(fake_llm::Config {
            latency: fake_llm::Latency::Fixed(0.15),
            ..Default::default()
        }))
        .unwrap();
    let house = House::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", "test")
        .with("OPENAI_MODEL", "fake-model")
        .with("CELERY_WORKER_CONCURRENCY", "2");
    let folder = shop(&house);
    for number in 0..40 {
        house.write(
            &format!("shop/shop/part_{number}.py"),
            &format!("\"\"\"Part {number}.\"\"\"\n\n\ndef part_{number}():\n    return {number}\n"),
        );
    }
    let mut server = house.serve();
    let (_, accepted) = server.post("/api/v1/analyses", &json!({"source": {"path": folder}}));
    let id = accepted["id"].as_str().unwrap().to_owned();
    let analyzed = |server: &common::Server| {
        server.get(&format!("/api/v1/analyses/{id}"))["counts"]["analyzed"].as_u64().unwrap()
    };
    for threshold in [5, 15] {
        wait_for("files to be analyzed", || (analyzed(&server) >= threshold).then_some(()));
        let worker = wait_for("a worker", || server.worker_pid());
        kill(worker, Signal::SIGKILL);
        wait_for("another worker", || server.worker_pid().filter(|pid| *pid != worker));
    }
    let analysis = server.ended(&id);
    assert_eq!(analysis["status"], "completed", "{analysis}");
    let mut calls = std::collections::BTreeMap::<String, usize>::new();
    for entry in provider.log() {
        if entry.purpose == "file_items" {
            *calls.entry(entry.path.clone().unwrap_or_default()).or_default() += 1;
        }
    }
    assert!(calls.len() >= 40, "{calls:?}");
    let repeated: usize = calls.values().map(|count| count - 1).sum();
    assert!(repeated <= 4, "at most two in flight at each of two kills: {calls:?}");
    server.signal(Signal::SIGTERM);
    assert!(server.wait().success());
}

#[test]
fn a_killed_server_takes_its_worker_with_it() {
    let house = House::new();
    let server = house.serve();
    let worker = wait_for("a worker", || server.worker_pid());
    server.signal(Signal::SIGKILL);
    wait_for("the worker to end", || {
        (!std::path::Path::new(&format!("/proc/{worker}")).exists()).then_some(())
    });
}

#[test]
fn the_pages_work_in_a_real_browser() {
    let browser = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/browser");
    let house = House::new();
    let folder = shop(&house);
    let server = house.serve();
    let mut smoke = Command::new("node");
    smoke.arg("smoke.mjs").current_dir(browser).env("BASE_URL", &server.url).env("FOLDER", &folder);
    let output = smoke.output().expect("node is installed by ./test");
    assert!(output.status.success(), "{}\n{}", common::text(&output.stdout), common::text(&output.stderr));
    let analyses = server.get("/api/v1/analyses");
    let first: &Value = &analyses["items"][0];
    assert_eq!(first["status"], "completed");
}

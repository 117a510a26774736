//! Flower 2.2.0 beside our worker: all its pages and its API, and not one traceback in its log.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use test_servers::{Celery, Flower, Process, free_port};

use crate::support::{Add, Bench, Fail, Ours, Sleep, until};

/// A Flower, and talking to it.
struct Site {
    process: Process,
    port: u16,
}

impl Site {
    fn start(bench: &Bench, celery: Celery) -> Self {
        let port = free_port();
        let mut command = bench.told(Flower::command(celery, &bench.redis.url(0), port));
        command.env("CELERY_APP", "control_app");
        let process = Process::spawn(command, bench.dir.path().join("flower.log"));
        let site = Self { process, port };
        until("Flower knows our worker", || {
            let known = site.try_request("GET", "/api/workers?status=1", "");
            known.is_ok_and(|(code, body)| code == 200 && body.contains("w1@lab"))
        });
        // Only what it has asked may be steered.
        site.get("/api/workers?refresh=1");
        site
    }

    fn get(&self, path: &str) -> String {
        self.request("GET", path, "")
    }

    fn post(&self, path: &str, body: &Value) -> String {
        self.request("POST", path, &body.to_string())
    }

    /// The body of an answer that must be good.
    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let (code, answer) = self.try_request(method, path, body).unwrap();
        assert_eq!(code, 200, "{method} {path} gave {answer}\n{}", self.process.log());
        answer
    }

    fn try_request(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Ok((code, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())))
    }
}

fn shows_everything(celery: Celery) {
    let bench = Bench::new();
    let mut ours = Ours::start_with(&bench, |worker| worker.events(true));
    let site = Site::start(&bench, celery);
    bench.runtime.block_on(async {
        let good = ours.app.send(Add { x: 2, y: 3 }).task_id("good").await.unwrap();
        ours.app.send(Fail { message: "no <good>".into() }).task_id("bad").await.unwrap();
        ours.app.send(Sleep { seconds: 1.0 }).task_id("running").await.unwrap();
        ours.app
            .send(Add { x: 0, y: 0 })
            .task_id("later")
            .countdown(Duration::from_secs(3_600))
            .await
            .unwrap();
        good.get_timeout(crate::support::PATIENCE).await.unwrap();
    });
    until("Flower knows how the tasks stand", || {
        let tasks: Value = serde_json::from_str(&site.get("/api/tasks")).unwrap();
        tasks["good"]["state"] == "SUCCESS"
            && tasks["bad"]["state"] == "FAILURE"
            && tasks["running"]["state"] == "STARTED"
    });

    for page in [
        "/",
        "/workers",
        "/tasks",
        "/broker",
        "/metrics",
        "/healthcheck",
        "/api/workers",
        "/api/queues/length",
    ] {
        site.get(page);
    }
    let columns = "draw=1&start=0&length=10&order%5B0%5D%5Bcolumn%5D=0&columns%5B0%5D%5Bdata%5D=name&order%5B0%5D%5Bdir%5D=asc";
    assert!(site.get(&format!("/tasks/datatable?{columns}")).contains("tasks.add"));
    assert!(site.get("/workers?json=1").contains("w1@lab"));
    let worker = site.get("/worker/w1@lab");
    for shown in ["tasks.sleep", "tasks.limited", "worker-cancel-consumer-celery", "later"] {
        assert!(worker.contains(shown), "the worker's page lacks {shown}: {worker}");
    }
    let task = site.get("/task/bad");
    assert!(task.contains("no &lt;good&gt;"), "{task}");
    assert!(site.get("/task/good").contains("tasks.add"));
    assert!(site.get("/metrics").contains("flower_worker_online{worker=\"w1@lab\"} 1.0"));

    let workers: Value = serde_json::from_str(&site.get("/api/workers?refresh=1")).unwrap();
    let told = &workers["w1@lab"];
    assert_eq!(told["stats"]["pool"]["max-concurrency"], 2);
    assert_eq!(told["active_queues"][0]["name"], "celery");
    assert!(told["registered"].to_string().contains("tasks.limited [rate_limit=30/m]"));
    assert_eq!(serde_json::from_str::<Value>(&site.get("/api/task/info/good")).unwrap()["result"], "5");
    assert!(site.get("/api/task/types").contains("tasks.add"));
    assert_eq!(serde_json::from_str::<Value>(&site.get("/api/task/result/good")).unwrap()["result"], 5);

    let sent: Value =
        serde_json::from_str(&site.post("/api/task/async-apply/tasks.add", &json!({"args": [4, 5]})))
            .unwrap();
    let id = sent["task-id"].as_str().unwrap();
    assert!(site.get(&format!("/api/task/result/{id}?timeout=20")).contains("\"result\": 9"));
    assert!(site.post("/api/task/apply/tasks.add", &json!({"args": [1, 1]})).contains("\"result\": 2"));
    assert!(site.post("/api/task/send-task/tasks.add", &json!({"args": [1, 1]})).contains("task-id"));

    let nothing = Value::Null;
    for (path, message) in [
        ("/api/worker/pool/grow/w1@lab?n=2", "pool by 2"),
        ("/api/worker/pool/shrink/w1@lab?n=1", "pool by 1"),
        ("/api/worker/queue/add-consumer/w1@lab?queue=extra", "add consumer extra"),
        ("/api/worker/queue/cancel-consumer/w1@lab?queue=extra", "no longer consuming from extra"),
        ("/api/task/timeout/tasks.add?workername=w1@lab&hard=20&soft=10", "time limits set successfully"),
        (
            "/api/task/rate-limit/tasks.add?workername=w1@lab&ratelimit=10/m",
            "new rate limit set successfully",
        ),
        ("/api/task/revoke/later", "Revoked 'later'"),
        ("/api/task/revoke/running?terminate=true", "Revoked 'running'"),
    ] {
        let answer = site.post(path, &nothing);
        assert!(answer.contains(message), "{path}: {answer}");
    }
    until("the revoked tasks have ended", || {
        let tasks: Value = serde_json::from_str(&site.get("/api/tasks")).unwrap();
        tasks["later"]["state"] == "REVOKED" && tasks["running"]["state"] == "REVOKED"
    });
    let (code, refused) = site.try_request("POST", "/api/worker/pool/restart/w1@lab", "").unwrap();
    assert!(code == 403 && refused.contains("Pool restarts not enabled"), "{code} {refused}");

    site.post("/api/worker/shutdown/w1@lab", &nothing);
    ours.ended(&bench);
    let log = site.process.log();
    assert!(!log.contains("Traceback"), "{log}");
}

#[test]
fn flower_on_celery_5_6_shows_our_worker() {
    shows_everything(Celery::V56);
}

#[test]
fn flower_on_celery_5_7_shows_our_worker() {
    shows_everything(Celery::V57);
}

#[test]
fn flower_scales_a_pool_that_scales_by_itself() {
    let bench = Bench::new();
    let ours = Ours::start_with(&bench, |worker| worker.autoscale(4, 1));
    let site = Site::start(&bench, Celery::V56);
    let answer = site.post("/api/worker/pool/autoscale/w1@lab?min=2&max=6", &Value::Null);
    assert!(answer.contains("min=2, max=6"), "{answer}");
    let workers: Value = serde_json::from_str(&site.get("/api/workers?refresh=1")).unwrap();
    let scaler = &workers["w1@lab"]["stats"]["autoscaler"];
    assert_eq!((&scaler["max"], &scaler["min"]), (&json!(6), &json!(2)), "{workers}");
    assert!(!site.process.log().contains("Traceback"), "{}", site.process.log());
    ours.stop(&bench);
}

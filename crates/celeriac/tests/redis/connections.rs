//! All ways to a Redis: sockets, TLS, Sentinels, and users who may not do everything.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use celeriac::{App, ResultError};
use test_servers::{Process, RedisOptions, RedisServer, free_port, until};

use crate::faults::{add, answers_pings, ready_worker, works};
use crate::support::{Bench, PATIENCE};

async fn works_by(way: String, redis: RedisServer) {
    let mut bench = Bench::on(redis);
    bench.way = Some(way);
    let _worker = ready_worker(&bench).await;
    let client = bench.client().await;
    works(&client).await;
    answers_pings(&client).await;
}

#[tokio::test]
async fn a_unix_socket() {
    let redis = RedisServer::start();
    works_by(format!("unix://{}?db={{db}}", redis.socket().display()), redis).await;
}

/// A certificate authority, and a certificate of it for 127.0.0.1.
fn certificates(dir: &Path) {
    let openssl = |arguments: &str| {
        let ran = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    std::fs::write(dir.join("ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.crt -subj /CN=ca -days 2"));
    openssl(&format!("req {key} -keyout key.pem -out csr.pem -subj /CN=redis"));
    openssl(
        "x509 -req -in csr.pem -CA ca.crt -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile ext",
    );
}

fn with_tls(dir: &Path, port: u16) -> RedisServer {
    certificates(dir);
    let file = |name: &str| dir.join(name).display().to_string();
    let arguments = [
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &file("cert.pem")],
        ["--tls-key-file", &file("key.pem")],
        ["--tls-ca-cert-file", &file("ca.crt")],
        ["--tls-auth-clients", "no"],
    ];
    let arguments = arguments.concat().into_iter().map(str::to_owned).collect();
    RedisServer::start_with(RedisOptions { arguments, ..RedisOptions::default() })
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let redis = with_tls(dir.path(), port);
    let ca = dir.path().join("ca.crt");
    works_by(format!("rediss://127.0.0.1:{port}/{{db}}?ssl_ca_certs={}", ca.display()), redis).await;
}

#[tokio::test]
async fn tls_with_any_certificate_and_none_that_is_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let redis = with_tls(dir.path(), port);
    let mut bench = Bench::on(redis);
    bench.way = Some(format!("rediss://127.0.0.1:{port}/{{db}}"));
    let error = bench.client().await.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(error.contains("cannot reach Redis") && error.contains("certificate"), "{error}");
    works_by(format!("rediss://127.0.0.1:{port}/{{db}}?ssl_cert_reqs=none"), bench.redis).await;
}

#[tokio::test]
async fn a_primary_that_sentinels_know_and_replace() {
    let primary = RedisServer::start();
    let port = primary.port().to_string();
    let arguments = ["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"];
    let arguments = arguments.map(str::to_owned).to_vec();
    let replica = RedisServer::start_with(RedisOptions { arguments, ..RedisOptions::default() });
    until("the replica follows", || {
        replica.command(&["INFO", "replication"]).contains("master_link_status:up")
    });

    let dir = tempfile::tempdir().unwrap();
    let sentinel_port = free_port();
    let conf = dir.path().join("sentinel.conf");
    let settings = format!(
        "port {sentinel_port}\nbind 127.0.0.1\nsentinel monitor mine 127.0.0.1 {port} 1\n\
         sentinel down-after-milliseconds mine 300\nsentinel failover-timeout mine 2000\n"
    );
    std::fs::write(&conf, settings).unwrap();
    let mut sentinel = Command::new("redis-server");
    sentinel.arg(&conf).arg("--sentinel");
    let mut sentinel = Process::spawn(sentinel, dir.path().join("sentinel.log"));
    sentinel.until_printed("+slave slave");

    let mut bench = Bench::on(primary);
    // The first one is not there.
    bench.way = Some(format!(
        "sentinel://127.0.0.1:{};sentinel://127.0.0.1:{sentinel_port}/{{db}}?master_name=mine",
        free_port()
    ));
    let mut worker = ready_worker(&bench).await;
    let client = bench.client().await;
    works(&client).await;

    bench.redis.stop();
    let started = Instant::now();
    while let Err(error) = client.send_signature(add(1, 1)).await {
        assert!(error.is_transient() && started.elapsed() < PATIENCE, "{error}\n{}", sentinel.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    works(&client).await;
    answers_pings(&client).await;
    assert!(worker.ended().is_none());
}

#[tokio::test]
async fn a_user_who_may_not_track_is_served_by_looking() {
    let mut bench = Bench::new();
    bench.redis.command(&["ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all", "-client|tracking"]);
    bench.login = "app:s3cret@".to_owned();
    let mut worker = ready_worker(&bench).await;
    let client = bench.client().await;
    works(&client).await;
    answers_pings(&client).await;
    worker.until_printed("looked at again and again");
}

#[tokio::test]
async fn scripts_that_were_flushed_are_loaded_again() {
    let bench = Bench::new();
    let _worker = ready_worker(&bench).await;
    let client = bench.client().await;
    for _ in 0..3 {
        bench.redis.command(&["SCRIPT", "FLUSH"]);
        works(&client).await;
    }
}

#[tokio::test]
async fn a_password_that_the_server_does_not_have_is_refused_everywhere() {
    let mut bench = Bench::new();
    bench.login = ":s3cret@".to_owned();
    let client = bench.client().await;
    let sent = client.send_signature(add(1, 1)).await.err().unwrap().to_string();
    let waited = client.result::<i64>("any").get_timeout(Duration::from_millis(300)).await;
    let waited = waited.unwrap_err().to_string();
    for error in [sent, waited] {
        assert!(error.contains("it has no password, and the URL has one"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let mut worker = bench.worker("w1@test");
    worker.until_printed("it has no password, and the URL has one");
    // With the password all is well.
    bench.redis.command(&["CONFIG", "SET", "requirepass", "s3cret"]);
    let started = Instant::now();
    while client.send_signature(add(1, 1)).await.is_err() {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    works(&client).await;
}

#[tokio::test]
async fn a_wait_for_a_backend_that_is_not_there_tells_why_it_was_in_vain() {
    let url = format!("redis://127.0.0.1:{}", free_port());
    let client = App::open(&url).await.unwrap();
    let error = client.result::<i64>("any").get_timeout(Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(&error, ResultError::Backend(_)), "{error}");
    assert!(error.to_string().contains("cannot reach Redis at redis://127.0.0.1"), "{error}");
}

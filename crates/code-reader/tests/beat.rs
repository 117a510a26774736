//! `code-reader beat` sends what its schedule says.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::{House, wait_for};
use nix::sys::signal::Signal;
use test_servers::Process;

#[test]
fn entries_of_the_configuration_are_sent_by_the_clock() {
    let house = House::new();
    house.write(
        "code-reader.toml",
        "[schedule.often]\ntask = 'tasks.other_program'\nevery = 0.1\noptions = { queue = 'elsewhere' }\n",
    );
    let mut beat = Process::spawn(house.command(&["beat"]), house.dir.path().join("beat.log"));
    let url = format!("sqlite://{}", house.data().join("queue.db").display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    wait_for("two messages", || {
        if !house.data().join("queue.db").exists() {
            return None;
        }
        let queues = runtime.block_on(async {
            let app = celeriac::App::open(&url).await.unwrap();
            app.broker().queues().await.unwrap()
        });
        queues.iter().find(|queue| queue.name.as_str() == "elsewhere" && queue.ready >= 2).map(drop)
    });
    beat.signal(Signal::SIGTERM);
    assert!(beat.wait().success(), "{}", beat.log());
    assert!(beat.log().contains("Scheduler: Sending due task often"), "{}", beat.log());
}

#[test]
fn a_schedule_that_is_wrong_is_refused_before_anything_runs() {
    let house = House::new();
    assert!(house.fails(2, &["beat"]).contains("no entries"));
    house.write("wrong.toml", "[a]\ntask = 't'\ncrontab = '0 25 * * *'\n");
    let stderr = house.fails(2, &["beat", "--schedule", "wrong.toml"]);
    assert!(stderr.contains("wrong.toml: the entry a: the hour of a crontab"), "{stderr}");
    house.write("code-reader.toml", "schedule = 5\n");
    assert!(house.fails(2, &["beat"]).contains("[schedule.NAME]"));
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let house = House::new().with("CELERY_BROKER_URL", "redis://me:geheim@127.0.0.1:1/0");
    let output = house.run(&["config"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("redis://me:********@127.0.0.1:1/0") && !shown.contains("geheim"), "{shown}");
}

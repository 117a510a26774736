//! Our command line on our worker, and in a terminal.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Bench, Fail, Ours, PATIENCE, Sleep, until};

#[test]
fn tasks_are_called_and_their_results_printed() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let call = |arguments: &[&str]| bench.celeriac(&[&["call"], arguments].concat()).out.trim().to_owned();
    let result = |id: &str| bench.celeriac(&["result", id, "--timeout", "30"]);
    let sum = result(&call(&["tasks.add", "--args", "[2, 3]"]));
    assert_eq!((sum.code, sum.out.as_str()), (0, "5\n"));
    let named =
        result(&call(&["tasks.add", "-k", "{\"x\": 1, \"y\": 1}", "--countdown", "0.1", "--priority", "3"]));
    assert_eq!(named.out, "2\n");
    let failed = result(&call(&["tasks.fail", "-a", "[\"no good\"]"]));
    assert!(failed.code == 1 && failed.err.ends_with("ValueError('no good')\n"), "{failed:?}");
    let expired = result(&call(&["tasks.add", "-a", "[1, 1]", "--expires", "-5"]));
    assert!(expired.code == 1 && expired.err.contains("was revoked (expired)"), "{expired:?}");
    let late = call(&["tasks.add", "-a", "[1, 1]", "--eta", "2001-01-01T00:00:00"]);
    assert_eq!(result(&late).out, "2\n");
    // A task that every worker has: it gives back its argument.
    let long = "36893488147419103232";
    let odd = format!("[[NaN, -Infinity, {long}]]");
    let odd = result(&call(&["celery.accumulate", "-a", &odd, "-k", "{\"index\": 0}"]));
    assert_eq!(odd.out, format!("[nan, -inf, {long}]\n"));
    let meta = bench.celeriac(&["result", &late, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&meta.out).unwrap()["status"], "SUCCESS");
    for wrong in [
        &["tasks.add", "--args", "{}"][..],
        &["tasks.add", "--kwargs", "[]"],
        &["tasks.add", "--eta", "tomorrow"],
        &["tasks.add", "--expires", "tomorrow"],
        &["tasks.add", "--serializer", "pickle"],
        &["tasks.add", "--exchange", "other"],
        &[],
    ] {
        assert_eq!(bench.celeriac(&[&["call"], wrong].concat()).code, 2, "{wrong:?}");
    }
    ours.stop(&bench);
}

#[test]
fn queues_are_shown_and_purged() {
    let bench = Bench::new();
    for priority in ["0", "0", "9"] {
        bench.celeriac(&["call", "tasks.add", "--queue", "aside", "--priority", priority, "-a", "[1, 1]"]);
    }
    let shown: Value = serde_json::from_str(&bench.celeriac(&["queues", "aside", "--json"]).out).unwrap();
    assert_eq!((&shown[0]["name"], &shown[0]["ready"]), (&json!("aside"), &json!(3)));
    assert!(bench.celeriac(&["queues"]).out.contains("aside"));
    assert!(bench.celeriac(&["list", "bindings"]).out.contains(&format!("\n{0:<28} {0:<28} {0}\n", "aside")));

    let refused = bench.celeriac_answering(&["purge", "-Q", "aside"], Some("n\n"));
    assert!(refused.code == 1 && refused.err == "Aborted!\n", "{refused:?}");
    assert!(
        refused.out.starts_with("WARNING:This will remove all tasks from queue: aside.\n"),
        "{refused:?}"
    );
    assert_eq!(bench.celeriac_answering(&["purge", "-Q", "aside"], Some("")).code, 1, "no answer is no");
    let purged = bench.celeriac_answering(&["purge", "-Q", "aside"], Some("y\n"));
    assert!(
        purged.code == 0 && purged.out.ends_with("Purged 3 messages from 1 known task queue.\n"),
        "{purged:?}"
    );
    let again = bench.celeriac(&["purge", "-f", "-Q", "aside,other", "-X", "other"]);
    assert_eq!(again.out, "No messages purged from 1 queue.\n");
}

#[test]
fn dead_letters_are_listed_revived_and_discarded() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    assert_eq!(bench.celeriac(&["dead-letters", "list"]).out, "No dead letters.\n");
    bench.celeriac(&["call", "tasks.nope"]);
    let listed = || -> Vec<Value> {
        serde_json::from_str(&bench.celeriac(&["dead-letters", "list", "--json"]).out).unwrap()
    };
    until("the message is a dead letter", || listed().len() == 1);
    let letter = listed().remove(0);
    assert_eq!((&letter["task"], &letter["queue"]), (&json!("tasks.nope"), &json!("celery")));
    assert!(bench.celeriac(&["dead-letters", "list"]).out.contains("no task is registered as tasks.nope"));
    assert!(bench.celeriac(&["dead-letters", "list", "-Q", "other"]).out.contains("No dead letters"));

    let id = letter["id"].as_str().unwrap();
    assert_eq!(bench.celeriac(&["dead-letters", "revive", "unknown"]).code, 1);
    let revived = bench.celeriac(&["dead-letters", "revive", id]);
    assert_eq!(revived.out, "1 of 1 dead letters are back in their queues.\n");
    until("nobody knows the task this time either", || listed().len() == 1);
    assert_eq!(bench.celeriac(&["dead-letters", "discard"]).code, 2, "which ones must be said");
    assert_eq!(
        bench.celeriac(&["dead-letters", "discard", "--all"]).out,
        "1 of 1 dead letters are discarded.\n"
    );
    assert!(listed().is_empty());
    ours.stop(&bench);
}

#[test]
fn replies_are_printed_as_they_come() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let mut command = bench.told(Command::new(env!("CARGO_BIN_EXE_celeriac")));
    command.args(["inspect", "ping", "--timeout", "3600"]);
    let mut asking = test_servers::Process::spawn(command, bench.dir.path().join("asking.log"));
    asking.until_printed("->  w1@lab: OK\n        pong\n");
    assert!(asking.ended().is_none(), "it waits for more");
    ours.stop(&bench);
}

#[test]
fn wrong_usage_and_a_broker_that_is_away_are_told() {
    let bench = Bench::new();
    let unknown = bench.celeriac(&["inspect", "nope"]);
    assert!(
        unknown.code == 2 && unknown.err.contains("Available inspect commands: active, active_queues,"),
        "{unknown:?}"
    );
    assert_eq!(bench.celeriac(&["control", "ping"]).code, 2, "ping asks, it does not control");
    let surplus = bench.celeriac(&["control", "cancel_consumer", "a", "b"]);
    assert!(surplus.code == 2 && surplus.err.contains("takes arguments: <queue>"), "{surplus:?}");
    assert!(bench.celeriac(&["inspect", "--list"]).out.contains("query_task [id1 [id2"));
    let help = bench.celeriac(&["call", "--help"]).out;
    assert!(help.contains("Examples:\n  celeriac call tasks.add"), "{help}");

    let away = bench.celeriac(&[
        "-b",
        "redis://:secret@127.0.0.1:1/0",
        "--result-backend",
        "redis://:secret@127.0.0.1:1/0",
        "status",
    ]);
    assert!(away.code == 69 && away.err.contains("127.0.0.1:1"), "{away:?}");
    assert!(!away.err.contains("secret"), "{away:?}");
    let nonsense = bench.celeriac(&["-b", "amqp://me:secret@host//", "status"]);
    assert!(nonsense.code == 1 && !nonsense.err.contains("secret"), "{nonsense:?}");
}

/// Runs `celeriac ARGUMENTS` in a terminal.
fn in_terminal(bench: &Bench, arguments: &[&str], steps: Value) -> Value {
    let mut command = bench.told(Command::new(env!("CARGO_BIN_EXE_celeriac")));
    command.args(arguments);
    serde_json::from_str(&test_servers::in_terminal(&command, &steps.to_string())).unwrap()
}

#[test]
fn events_are_watched_in_a_terminal_which_is_given_back() {
    let bench = Bench::new();
    let ours = Ours::start_with(&bench, |worker| worker.events(true));
    bench.runtime.spawn({
        // Until somebody watches, nobody knows of the tasks.
        let app = ours.app.clone();
        async move {
            loop {
                app.send(Fail { message: "no good".into() }).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
        }
    });
    let ran = in_terminal(
        &bench,
        &["events"],
        json!([
            ["expect", "w1@lab"],
            ["expect", "tasks.fail"],
            ["send", "j"],
            ["send", "r"],
            ["expect", "Result of"],
            ["send", " "],
            ["send", "l"],
            ["expect", "New rate limit of tasks.fail"],
            ["send", "500/s\r"],
            ["expect", "new rate limit set successfully"],
            ["send", " "],
            ["send", "q"],
        ]),
    );
    assert_eq!((&ran["code"], &ran["restored"]), (&json!(0), &json!(true)));
    let output = ran["output"].as_str().unwrap();
    let (taken, given) = (output.find("\u{1b}[?1049h").unwrap(), output.rfind("\u{1b}[?1049l").unwrap());
    assert!(taken < given, "the shell's screen comes back");

    // SIGHUP, SIGINT, SIGQUIT and SIGTERM, and what a terminal in its usual mode would make SIGINT.
    for end in [
        json!(["signal", 1]),
        json!(["signal", 2]),
        json!(["signal", 3]),
        json!(["signal", 15]),
        json!(["send", "\u{3}"]),
    ] {
        let ended = in_terminal(&bench, &["events"], json!([["expect", "w1@lab"], end]));
        assert_eq!((&ended["code"], &ended["restored"]), (&json!(0), &json!(true)), "{end}");
        assert_eq!(ended["output"].as_str().unwrap().matches("\u{1b}[?1049l").count(), 1, "{end}");
    }
    ours.stop(&bench);
}

#[test]
fn the_picture_fits_a_terminal_that_becomes_narrow_and_has_no_colours_if_none_are_wanted() {
    let bench = Bench::new();
    let ours = Ours::start_with(&bench, |worker| worker.events(true));
    // Blanks of an empty screen are not printed; those of a title are, and tell which columns there are.
    let steps =
        json!([["expect", "w1@lab"], ["resize", [12, 40]], ["expect", "UUID     TASK "], ["send", "q"],]);
    let is_coloured = |ran: &Value| {
        let output = ran["output"].as_str().unwrap();
        ["\u{1b}[38;5;", "\u{1b}[32m"].iter().any(|green| output.contains(green))
    };
    let coloured = in_terminal(&bench, &["events"], steps.clone());
    assert!(coloured["code"] == 0 && is_coloured(&coloured), "{coloured}");
    let plain = in_terminal(&bench, &["events", "--no-color"], steps);
    assert!(plain["code"] == 0 && !is_coloured(&plain), "{plain}");
    ours.stop(&bench);
}

#[test]
fn there_are_colours_on_a_terminal_only() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let status = ["status", "-d", "w1@lab", "-t", "20"];
    let green = "\u{1b}[1m\u{1b}[32mOK";
    let shown =
        |arguments: &[&str]| in_terminal(&bench, arguments, json!([]))["output"].as_str().unwrap().to_owned();
    assert!(shown(&status).contains(green), "{:?}", shown(&status));
    let plain = shown(&[&status[..], &["--no-color"]].concat());
    assert_eq!(plain, "->  w1@lab: OK\r\n\r\n1 node online.\r\n");
    assert_eq!(bench.celeriac(&status).out, "->  w1@lab: OK\n\n1 node online.\n");
    ours.stop(&bench);
}

#[test]
fn without_a_terminal_events_asks_for_another_form() {
    let bench = Bench::new();
    let run = bench.celeriac(&["events"]);
    assert!(run.code == 2 && run.err.contains("use --dump or --json"), "{run:?}");
}

#[test]
fn a_task_that_is_revoked_from_the_command_line_ends() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    bench.runtime.block_on(async { ours.app.send(Sleep { seconds: 1.0 }).task_id("running").await.unwrap() });
    until("it runs", || ours.app.state().asleep() == 1);
    let run = bench.celeriac(&["control", "terminate", "SIGTERM", "running", "-d", "w1@lab", "-t", "20"]);
    assert_eq!(run.out, "->  w1@lab: OK\n        terminate: running\n");
    let ended = bench.runtime.block_on(ours.app.result::<f64>("running").get_timeout(PATIENCE));
    assert!(ended.unwrap_err().to_string().contains("terminated"));
    ours.stop(&bench);
}

//! Children: what they run, how they die, how they are replaced.

use std::time::Duration;

use celeriac::{AppError, Shutdown, TaskState};

use crate::support::{
    Add, Ask, Bench, Die, Dies, Grow, Hold, PATIENCE, Pid, Running, Tell, exception, is_alive, until,
};

#[tokio::test]
async fn tasks_run_in_processes_of_their_own() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let one = bench.app.send(Hold { name: "one".into() }).await.unwrap();
    let two = bench.app.send(Hold { name: "two".into() }).await.unwrap();
    until("both run", async || bench.lab.read("one").is_some() && bench.lab.read("two").is_some()).await;
    let pids: Vec<u64> =
        ["one", "two"].map(|name| bench.lab.read(name).unwrap().trim().parse().unwrap()).into();
    assert_ne!(pids[0], pids[1]);
    assert!(!pids.contains(&std::process::id().into()));

    // Everybody who asks hears of these processes.
    let mut processes = bench.processes().await;
    processes.sort_unstable();
    let mut sorted = pids.clone();
    sorted.sort_unstable();
    assert_eq!(processes, sorted);
    let active = bench.ask("active").await;
    let of = |name: &str| {
        let list = active.as_array().unwrap();
        list.iter().find(|task| task["kwargs"]["name"] == name).unwrap()["worker_pid"].as_u64().unwrap()
    };
    assert_eq!([of("one"), of("two")], *pids);
    let meta = one.meta().await.unwrap().unwrap();
    assert_eq!((meta.status, meta.result["pid"].as_u64()), (TaskState::Started, Some(pids[0])));

    bench.lab.write("open", "yes");
    assert_eq!(one.get_timeout(PATIENCE).await.unwrap(), "one");
    assert_eq!(two.get_timeout(PATIENCE).await.unwrap(), "two");
    worker.stop().await;
    assert!(pids.iter().all(|pid| !is_alive(*pid)), "children outlive their worker");
}

#[tokio::test]
async fn progress_of_a_child_reaches_everybody() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker());
    let told = bench.app.send(Tell).await.unwrap();
    told.get_timeout(PATIENCE).await.unwrap();
    let event = loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        if event.kind == "task-progress" {
            break event;
        }
    };
    assert_eq!((event.uuid.as_ref(), event.hostname.as_str()), (Some(told.id()), "w1@lab"));
    assert_eq!((&event.fields["done"], &event.fields["of"]), (&1.into(), &2.into()));
    worker.stop().await;
}

#[tokio::test]
async fn a_child_that_dies_takes_its_task_with_it_and_is_replaced() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let killed = bench.app.send(Dies { signal: Some(9) }).await.unwrap();
    let error = exception(killed.get_timeout(PATIENCE).await.unwrap_err());
    assert_eq!(
        error,
        "billiard.exceptions.WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 1.')"
    );
    let ended = bench.app.send(Dies { signal: None }).await.unwrap();
    let error = exception(ended.get_timeout(PATIENCE).await.unwrap_err());
    assert_eq!(error, "billiard.exceptions.WorkerLostError('Worker exited prematurely: exitcode 7 Job: 2.')");
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_task_that_lost_its_process_runs_again() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let task = bench.app.send(Die { signal: Some(6) }).await.unwrap();
    until("it has died once", async || !bench.lab.lines("died").is_empty()).await;
    bench.lab.write("spare", "yes");
    assert_eq!(task.get_timeout(PATIENCE).await.unwrap(), "spared");
    let died = bench.lab.lines("died");
    assert!(died.len() >= 2 && died[0].ends_with("false"), "{died:?}");
    assert!(died[1..].iter().all(|line| line.ends_with("true")), "{died:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_task_that_kills_three_processes_is_a_dead_letter() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let poison = bench.app.send(Die { signal: Some(9) }).await.unwrap();
    let error = exception(poison.get_timeout(PATIENCE).await.unwrap_err());
    assert!(error.contains("WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL)"), "{error}");
    until("it is buried", async || bench.app.broker().dead_letters(9).await.unwrap().len() == 1).await;
    let letters = bench.app.broker().dead_letters(9).await.unwrap();
    assert_eq!((letters[0].deaths, letters[0].message.as_ref().unwrap().id()), (3, poison.id()));
    assert_eq!(bench.lab.lines("died").len(), 3);
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_child_that_is_killed_while_it_waits_is_replaced() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    until("both are there", async || bench.processes().await.len() == 2).await;
    let before = bench.processes().await;
    for pid in &before {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(*pid).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    }
    // Whether they are missed before or by the task: it runs, and nobody hears of a lost worker.
    let pid = bench.app.send(Pid).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert!(!before.contains(&pid.into()));
    until("both are there again", async || {
        let processes = bench.processes().await;
        processes.len() == 2 && processes.iter().all(|pid| !before.contains(pid))
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn a_child_runs_so_many_tasks_and_no_more() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).max_tasks_per_child(Some(2)));
    let mut pids = Vec::new();
    for _ in 0..5 {
        pids.push(bench.app.send(Pid).await.unwrap().get_timeout(PATIENCE).await.unwrap());
    }
    assert_eq!((pids[0], pids[2]), (pids[1], pids[3]), "{pids:?}");
    assert!(pids[1] != pids[2] && pids[3] != pids[4], "{pids:?}");
    assert_eq!(bench.ask("stats").await["pool"]["max-tasks-per-child"], 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_child_that_has_grown_is_replaced() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).max_memory_per_child(Some(200 << 10)));
    let small = bench.app.send(Grow { mib: 0 }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    let grown = bench.app.send(Grow { mib: 300 }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    let fresh = bench.app.send(Pid).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert_eq!(small, grown);
    assert_ne!(grown, fresh);
    worker.stop().await;
}

#[tokio::test]
async fn the_pool_grows_and_shrinks() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    until("it is there", async || bench.processes().await.len() == 1).await;
    bench.app.control().timeout(PATIENCE).limit(1).call("pool_grow", count(2)).await.unwrap();
    until("it has grown", async || bench.processes().await.len() == 3).await;
    let all = bench.processes().await;
    bench.app.control().timeout(PATIENCE).limit(1).call("pool_shrink", count(2)).await.unwrap();
    until("it has shrunk", async || bench.processes().await.len() == 1).await;
    until("the others have ended", async || all.iter().filter(|pid| is_alive(**pid)).count() == 1).await;
    worker.stop().await;
}

fn count(n: u64) -> celeriac::JsonMap {
    celeriac::JsonMap::from_iter([("n".to_owned(), n.into())])
}

#[tokio::test]
async fn a_program_that_does_not_come_to_its_worker_is_told_so() {
    let bench = Bench::new().await;
    // With these arguments the program lists its tests and ends.
    let worker = Running::start(bench.worker().child_arguments(["--list"]));
    let Err(AppError::Pool { reason }) = worker.ended().await else { panic!("it runs") };
    assert!(reason.contains("exitcode 0") && reason.contains("WorkerBuilder::run"), "{reason}");
}

#[tokio::test]
async fn many_tasks_survive_children_that_are_killed() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().prefetch_multiplier(8));
    let tasks: Vec<_> = (0..200).map(|x| celeriac::Signature::new("tasks.add").args([x, 1])).collect();
    let sent = bench.app.send_batch(tasks).await.unwrap();
    for _ in 0..10 {
        for pid in bench.processes().await.into_iter().take(1) {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap());
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (x, result) in sent.iter().enumerate() {
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), x + 1);
    }
    worker.stop().await;
    let queues = bench.app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0), "{queues:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_process_runs_tasks_in_the_order_in_which_they_were_sent() {
    const MANY: i64 = 40;
    let bench = Bench::new().await;
    for x in 0..MANY {
        bench.app.send(Add { x, y: 0 }).await.unwrap();
    }
    let worker = Running::start(bench.worker().concurrency(1));
    until("all have run", async || bench.lab.lines("added").len() == MANY as usize).await;
    let ran = bench.lab.lines("added").into_iter();
    let ran: Vec<i64> = ran.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ran, Vec::from_iter(0..MANY));
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_whose_future_is_dropped_ends_its_processes() {
    let bench = Bench::new().await;
    let run = tokio::spawn(bench.worker().run(Shutdown::new()));
    bench.app.send(Hold { name: "held".into() }).await.unwrap();
    until("it runs", async || bench.lab.read("held").is_some()).await;
    let processes = bench.processes().await;
    run.abort();
    until("the processes have ended", async || !processes.iter().any(|pid| is_alive(*pid))).await;
    until("the message is back", async || bench.counts().await == (1, 0)).await;
}

#[tokio::test]
async fn a_task_in_a_process_is_told_not_to_wait_for_another() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let heard = bench.app.send(Ask).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert!(heard.contains("never wait for a result within a task"), "{heard}");
    worker.stop().await;
}

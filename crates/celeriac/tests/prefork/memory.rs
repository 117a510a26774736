//! What a worker remembers over restarts, and how it scales.

use celeriac::{PoolKind, TaskState};

use crate::support::{Add, Bench, Hold, Options, PATIENCE, Running, SOON, is_alive, until};

#[tokio::test]
async fn revoked_ids_are_kept_over_restarts() {
    let bench = Bench::new().await;
    let options = Options { statedb: Some(bench.dir.path().join("state.db")), ..Options::default() };
    for kill in [true, false] {
        let mut worker = bench.process(&options);
        bench.ask("ping").await;
        let id = if kill { "called-off-1" } else { "called-off-2" };
        let arguments = celeriac::JsonMap::from_iter([("task_id".to_owned(), id.into())]);
        bench.app.control().timeout(PATIENCE).limit(1).call("revoke", arguments).await.unwrap();
        if kill {
            until("it is written", async || {
                std::fs::read_to_string(bench.dir.path().join("state.db")).is_ok_and(|text| text.contains(id))
            })
            .await;
            worker.kill_alone();
        } else {
            worker.signal(nix::sys::signal::Signal::SIGTERM);
            assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
        }
    }
    let _worker = bench.process(&options);
    let revoked = bench.ask("revoked").await;
    for id in ["called-off-1", "called-off-2"] {
        assert!(revoked.as_array().unwrap().contains(&id.into()), "{revoked}");
        bench.app.result::<()>(id).forget().await.unwrap();
        let sent = bench.app.send(Add { x: 1, y: 1 }).task_id(id).await.unwrap();
        assert!(sent.get_timeout(PATIENCE).await.is_err());
        assert_eq!(sent.state().await.unwrap(), TaskState::Revoked);
    }
    assert!(bench.lab.lines("added").is_empty());
}

#[tokio::test]
async fn the_pool_scales_with_the_work() {
    for kind in [PoolKind::Tokio, PoolKind::Prefork] {
        let bench = Bench::new().await;
        let worker = Running::start(bench.worker().pool(kind).autoscale(3, 1).prefetch_multiplier(1));
        assert_eq!(bench.ask("stats").await["pool"]["max-concurrency"], 1);
        let mut held = Vec::new();
        for n in 0..5 {
            held.push(bench.app.send(Hold { name: format!("held-{n}") }).await.unwrap());
        }
        let running = || (0..5).filter(|n| bench.lab.read(&format!("held-{n}")).is_some()).count();
        until("as many run as may", async || running() == 3).await;
        let stats = bench.ask("stats").await;
        assert_eq!(stats["pool"]["max-concurrency"], 3, "{stats}");
        assert_eq!((&stats["autoscaler"]["max"], &stats["autoscaler"]["min"]), (&3.into(), &1.into()));

        let bounds =
            celeriac::JsonMap::from_iter([("max".to_owned(), 2.into()), ("min".to_owned(), 2.into())]);
        let answers = bench.app.control().timeout(SOON).limit(1).call("autoscale", bounds).await.unwrap();
        assert!(answers.into_values().all(|answer| answer["ok"] == "autoscale now max=2 min=2"));
        until("it has shrunk", async || bench.ask("stats").await["pool"]["max-concurrency"] == 2).await;
        bench.lab.write("open", "yes");
        for held in held {
            held.get_timeout(PATIENCE).await.unwrap();
        }
        if kind == PoolKind::Prefork {
            until("the surplus process has ended", async || bench.processes().await.len() == 2).await;
            assert!(bench.processes().await.iter().all(|pid| is_alive(*pid)));
        }
        worker.stop().await;
    }
}

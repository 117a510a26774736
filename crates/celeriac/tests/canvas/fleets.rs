//! Our worker and Python's side by side on one queue: each nested canvas ends with the right result, whoever runs which
//! of its parts.

use serde_json::{Value, json};
use test_servers::Celery;

use crate::random::Canvases;
use crate::support::{Fleet, PATIENCE};

/// So many are sent by Python, who needs more time for it, and so many by us.
const CANVASES: usize = 110;
const OUR_CANVASES: usize = 60;

fn python_sends(celery: Celery, seed: &str) {
    let fleet = Fleet::new().with_ours().with_pythons(celery);
    let said = fleet.python(celery, "canvas_random.py", &[&CANVASES.to_string(), seed]);
    assert_eq!(said, json!({"right": CANVASES, "wrong": []}), "{}", fleet.troubles());
    assert!(fleet.shares().iter().all(|share| *share > 20), "{:?}", fleet.shares());
}

#[test]
fn canvases_of_celery_5_6_are_shared_with_its_worker() {
    python_sends(Celery::V56, "56");
}

#[test]
fn canvases_of_celery_5_7_are_shared_with_its_worker() {
    python_sends(Celery::V57, "57");
}

async fn we_send(fleet: Fleet, seed: u64) {
    let client = fleet.client().await;
    let made: Vec<_> = {
        let mut canvases = Canvases::new(seed);
        (0..OUR_CANVASES).map(|_| canvases.canvas(3)).collect()
    };
    let sent = client.send_batch(made.iter().map(|(canvas, _)| canvas.clone())).await.unwrap();
    for ((canvas, expected), result) in made.iter().zip(sent) {
        let value = result.get_timeout(PATIENCE).await;
        assert_eq!(
            value.as_ref().ok(),
            Some(expected),
            "{value:?} of {}\n{}",
            shape(&json!(canvas)),
            fleet.troubles()
        );
    }
}

#[tokio::test]
async fn our_canvases_are_run_by_celery_5_6() {
    we_send(Fleet::new().with_pythons(Celery::V56), 1).await;
}

#[tokio::test]
async fn our_canvases_are_run_by_celery_5_7() {
    we_send(Fleet::new().with_pythons(Celery::V57), 2).await;
}

#[tokio::test]
async fn our_canvases_are_shared_with_celery_5_6() {
    we_send(Fleet::new().with_ours().with_pythons(Celery::V56), 3).await;
}

#[tokio::test]
async fn our_canvases_are_shared_with_celery_5_7() {
    we_send(Fleet::new().with_ours().with_pythons(Celery::V57), 4).await;
}

#[tokio::test]
async fn our_canvases_are_run_by_our_worker() {
    we_send(Fleet::new().with_ours(), 5).await;
}

/// The names in a canvas, in short.
fn shape(canvas: &Value) -> String {
    let kwargs = &canvas["kwargs"];
    let all = |members: &Value| members.as_array().into_iter().flatten().map(shape).collect::<Vec<_>>();
    match canvas["subtask_type"].as_str() {
        Some("chain") => format!("({})", all(&kwargs["tasks"]).join(" > ")),
        Some("group") => format!("[{}]", all(&kwargs["tasks"]).join(", ")),
        Some("chord") => format!("{} % {}", shape(&kwargs["header"]), shape(&kwargs["body"])),
        _ => canvas["task"].as_str().and_then(|name| name.rsplit('.').next()).unwrap_or_default().to_owned(),
    }
}

//! Calls tasks of a Python service: `CELERY_BROKER_URL=redis://.. cargo run -p celeriac --example calling_python`
//!
//! On the other side stands a Celery worker of a module like this one:
//!
//! ```python
//! app = Celery("tasks", broker="redis://localhost/0", backend="redis://localhost/1")
//!
//! @app.task(name="tasks.add")
//! def add(x, y):
//!     return x + y
//!
//! @app.task(name="tasks.fail")
//! def fail(message):
//!     raise ValueError(message)
//! ```

use std::time::Duration;

use celeriac::{App, ResultError, Signature, chain, group};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let broker = variable("CELERY_BROKER_URL", "redis://localhost/0");
    let backend = variable("CELERY_RESULT_BACKEND", "redis://localhost/1");
    let app = App::builder(&broker).result_backend(&backend).open().await?;
    let add = |args: &[i64]| Signature::new("tasks.add").args(args.to_vec());

    // By position, as Python's `add.delay(2, 3)`, and by name, as `add.delay(x=2, y=3)`.
    let sum = app.send_signature(add(&[2, 3])).await?.typed::<i64>();
    println!("2 + 3 is {}", sum.get_timeout(PATIENCE).await?);
    let named = app.send_signature(Signature::new("tasks.add").kwarg("x", 20).kwarg("y", 30)).await?;
    println!("20 + 30 is {}", named.get_timeout(PATIENCE).await?);

    // Each step is called with the result of the one before it, before its own arguments.
    let total = chain([add(&[1, 2]), add(&[4]), add(&[8])]).apply(&app).await?;
    println!("1 + 2 + 4 + 8 is {}", total.get_timeout(PATIENCE).await?);
    let doubles = group((0..5).map(|n| add(&[n, n]))).apply(&app).await?;
    println!("doubled: {:?}", doubles.get_timeout(PATIENCE).await?);

    // A Python exception arrives with its class and its arguments.
    let failing = app.send_signature(Signature::new("tasks.fail").args(["no good"])).await?;
    match failing.get_timeout(PATIENCE).await {
        Err(ResultError::Failed { exception, .. }) => {
            println!("it raised {} with {:?}", exception.exc_type, exception.message());
        }
        other => println!("it should have failed: {other:?}"),
    }
    Ok(())
}

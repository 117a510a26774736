//! A worker whose tasks Python calls: `CELERY_BROKER_URL=redis://.. cargo run -p celeriac --example called_from_python`
//!
//! The other side needs nothing but Celery, and does not see that the worker is not Python's:
//!
//! ```python
//! app = Celery(broker="redis://localhost/0", backend="redis://localhost/1")
//! app.send_task("shop.price", ["tea"], {"pieces": 3}).get()
//! ```

use std::collections::HashMap;

use celeriac::{App, Context, Shutdown, Signals, Task, TaskError, TaskResult};
use serde::{Deserialize, Serialize};

/// What the tasks share.
type Prices = HashMap<&'static str, f64>;

/// The fields are the arguments, by position or by name; one with a default may be left out.
#[derive(Serialize, Deserialize)]
struct Price {
    article: String,
    #[serde(default = "one")]
    pieces: u32,
}

fn one() -> u32 {
    1
}

impl Task<Prices> for Price {
    const NAME: &'static str = "shop.price";
    type Output = f64;

    async fn run(self, cx: Context<Prices>) -> TaskResult<f64> {
        match cx.state().get(self.article.as_str()) {
            Some(price) => Ok(price * f64::from(self.pieces)),
            // Python catches it as a KeyError.
            None => Err(TaskError::failed("KeyError", self.article)),
        }
    }
}

/// `shop.total` is the body of a chord that Python makes.
#[derive(Serialize, Deserialize)]
struct Total {
    prices: Vec<f64>,
}

impl Task<Prices> for Total {
    const NAME: &'static str = "shop.total";
    type Output = f64;

    async fn run(self, _cx: Context<Prices>) -> TaskResult<f64> {
        Ok(self.prices.iter().sum())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let variable = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let broker = variable("CELERY_BROKER_URL", "redis://localhost/0");
    let backend = variable("CELERY_RESULT_BACKEND", "redis://localhost/1");
    let prices = Prices::from([("tea", 2.5), ("milk", 1.25)]);
    let app = App::builder(&broker).result_backend(&backend).state(prices).open().await?;
    let app = app.register::<Price>().register::<Total>();

    let shutdown = Shutdown::new();
    let _signals = Signals::listen(&shutdown)?;
    app.worker().concurrency(4).events(true).run(shutdown).await?;
    Ok(())
}

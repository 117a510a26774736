//! Tasks that are run again.

use std::time::Duration;

use celeriac::{Failure, JsonMap, Retry, RetryPolicy, TaskError, TaskException, TaskState};
use serde_json::{Value, json};

use super::errors::exception;
use super::tasks;

fn once() -> u32 {
    1
}

fn tenth() -> f64 {
    0.1
}

fn pause(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Python's `self.retry(countdown=.., max_retries=..)`.
fn again(countdown: f64, max_retries: Option<u32>) -> Retry {
    let retry = Retry::default().countdown(pause(countdown));
    match max_retries {
        Some(times) => retry.max_retries(times),
        None => retry,
    }
}

fn no_arguments(class: &str) -> TaskError {
    let exc_type = class.to_owned();
    let exception = TaskException { exc_type, exc_message: Vec::new(), exc_module: "builtins".to_owned() };
    Failure::of(exception).into()
}

tasks! {
    "t.integration.tasks.retry" RetryTask(#[serde(default)] return_value: Value) {
        RETRY: RetryPolicy = RetryPolicy::fixed(Duration::from_secs(1));
    } -> Value = |this, cx| {
        if !this.return_value.is_null() && cx.request().retries() >= 3 {
            return Ok(this.return_value);
        }
        Err(again(5.0, None).because(exception("ExpectedException", Vec::new())).into())
    }

    "t.integration.tasks.retry_unpickleable"
        RetryUnpickleable(foo: Value, bar: Value, #[serde(default)] retry_kwargs: JsonMap) {
            RETRY: RetryPolicy = RetryPolicy::fixed(Duration::from_secs(1));
        } -> () = |this, _cx| {
            drop(this.bar);
            let countdown = this.retry_kwargs.get("countdown").and_then(Value::as_f64).unwrap_or(1.0);
            let max_retries = this.retry_kwargs.get("max_retries").and_then(Value::as_u64);
            let retry = again(countdown, max_retries.and_then(|times| times.try_into().ok()));
            Err(retry.because(exception("UnpickleableException", vec![this.foo])).into())
        }

    "t.integration.tasks.retry_once" RetryOnce(
        #[serde(rename = "*args", default)] _args: Vec<Value>,
        #[serde(default)] expires: Option<f64>,
        #[serde(default = "once")] max_retries: u32,
        #[serde(default = "tenth")] countdown: f64
    ) { MAX_RETRIES: Option<u32> = Some(1); } -> u32 = |this, cx| {
        match cx.request().retries() {
            0 => {
                let retry = again(this.countdown, Some(this.max_retries));
                Err(match this.expires {
                    Some(expires) => retry.expires(pause(expires)).into(),
                    None => retry.into(),
                })
            }
            retries => Ok(retries),
        }
    }

    "t.integration.tasks.retry_once_priority" RetryOncePriority(
        #[serde(rename = "*args", default)] _args: Vec<Value>,
        #[serde(default)] expires: Option<f64>,
        #[serde(default = "once")] max_retries: u32,
        #[serde(default = "tenth")] countdown: f64
    ) { MAX_RETRIES: Option<u32> = Some(1); } -> u8 = |this, cx| {
        let _ = this.expires;
        match cx.request().retries() {
            0 => Err(again(this.countdown, Some(this.max_retries)).into()),
            _ => Ok(cx.request().priority()),
        }
    }

    "t.integration.tasks.retry_once_headers" RetryOnceHeaders(
        #[serde(rename = "*args", default)] _args: Vec<Value>,
        #[serde(default = "once")] max_retries: u32,
        #[serde(default = "tenth")] countdown: f64
    ) { MAX_RETRIES: Option<u32> = Some(1); } -> JsonMap = |this, cx| {
        match cx.request().retries() {
            0 => Err(again(this.countdown, Some(this.max_retries)).into()),
            _ => Ok(cx.request().headers().clone()),
        }
    }

    "t.integration.tasks.store_success_then_reject" StoreSuccessThenReject() {} -> String = |_this, cx| {
        if cx.request().redelivered {
            return Ok("dedup-pass".to_owned());
        }
        cx.update_state(TaskState::Success, json!("first-pass")).await?;
        Err(TaskError::Reject { requeue: true })
    }

    "t.integration.tasks.reject_then_succeed" RejectThenSucceed() {} -> String = |_this, cx| {
        if cx.request().redelivered { Ok("second-pass".to_owned()) } else { Err(TaskError::Reject { requeue: true }) }
    }
}

/// Retried by itself because of how it failed.
macro_rules! auto_retry {
    ($task:ident, $name:literal) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        pub(super) struct $task {}

        impl celeriac::Task<super::Suite> for $task {
            const NAME: &'static str = $name;
            const MAX_RETRIES: Option<u32> = Some(1);
            const RETRY: RetryPolicy =
                RetryPolicy::exponential(Duration::from_secs(1), Duration::from_secs(600));
            type Output = u32;

            async fn run(self, cx: celeriac::Context<super::Suite>) -> celeriac::TaskResult<u32> {
                match cx.request().retries() {
                    0 => Err(no_arguments("ValueError")),
                    retries => Ok(retries),
                }
            }

            fn retries_after(failure: &Failure) -> bool {
                failure.exception.exc_type == "ValueError"
            }
        }
    };
}

auto_retry!(ClassBasedAutoRetryTask, "auto_retry_class_task");
auto_retry!(SuiteClassBasedAutoRetryTask, "t.integration.tasks.ClassBasedAutoRetryTask");

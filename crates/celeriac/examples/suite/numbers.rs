//! Tasks that compute or wait.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use celeriac::{CancelReason, JsonMap, TaskError};
use serde_json::{Value, json};

use super::python::{is_true, plus, sum, times};
use super::tasks;

fn seconds(value: f64) -> Result<Duration, TaskError> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| TaskError::failed("ValueError", "sleep length must be non-negative"))
}

fn one() -> f64 {
    1.0
}

fn since(t0: f64) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - t0) * 1000.0
}

fn tell_latency(suite: &super::Suite, t0: f64) -> Result<(), TaskError> {
    suite.write_latency(since(t0)).map_err(|error| TaskError::failed("OSError", error.to_string()))
}

tasks! {
    "t.integration.tasks.identity" Identity(x: Value) {} -> Value = |this, _cx| { Ok(this.x) }

    "t.integration.tasks.add" Add(x: Value, y: Value, #[serde(default)] z: Value) {} -> Value = |this, _cx| {
        let sum = plus(&this.x, &this.y)?;
        if is_true(&this.z) { plus(&sum, &this.z) } else { Ok(sum) }
    }

    "t.integration.tasks.mul" Mul(x: Value, y: Value) {} -> Value = |this, _cx| { times(&this.x, &this.y) }

    "t.integration.tasks.add_not_typed" AddNotTyped(x: Value, y: Value) {} -> Value = |this, _cx| {
        plus(&this.x, &this.y)
    }

    "t.integration.tasks.add_ignore_result" AddIgnoreResult(x: Value, y: Value) { IGNORE_RESULT: bool = true; }
        -> Value = |this, _cx| { plus(&this.x, &this.y) }

    "t.integration.tasks.add_pydantic" AddPydantic(data: Operands) {} -> Value = |this, _cx| {
        Ok(json!({"result": this.data.x + this.data.y}))
    }

    "t.integration.tasks.add_pydantic_string_annotations" AddPydanticStringAnnotations(data: Operands) {}
        -> Value = |this, _cx| { Ok(json!({"result": this.data.x + this.data.y})) }

    "t.integration.tasks.tsum" Tsum(nums: Value) {} -> Value = |this, _cx| { sum(&this.nums) }

    "t.integration.tasks.xsum" Xsum(nums: Vec<Value>) {} -> Value = |this, _cx| {
        let flat = this.nums.iter().map(|num| if num.is_array() { sum(num) } else { Ok(num.clone()) });
        sum(&Value::Array(flat.collect::<Result<_, _>>()?))
    }

    "t.integration.tasks.delayed_sum" DelayedSum(numbers: Value, #[serde(default = "one")] pause_time: f64) {}
        -> Value = |this, _cx| {
            tokio::time::sleep(seconds(this.pause_time)?).await;
            sum(&this.numbers)
        }

    "t.integration.tasks.delayed_sum_with_soft_guard"
        DelayedSumWithSoftGuard(numbers: Value, #[serde(default = "one")] pause_time: f64) {}
        -> Value = |this, cx| {
            tokio::select! {
                () = tokio::time::sleep(seconds(this.pause_time)?) => sum(&this.numbers),
                reason = cx.cancelled() => match reason {
                    CancelReason::SoftTimeLimit => Ok(json!(0)),
                    other => Err(other.into()),
                },
            }
        }

    "t.integration.tasks.sleeping" Sleeping(i: f64, #[serde(rename = "**kwargs", default)] _others: JsonMap) {
        // As Celery has it unless told otherwise.
        ACKS_LATE: bool = false;
    }
        -> () = |this, cx| {
            tokio::select! {
                () = tokio::time::sleep(seconds(this.i)?) => Ok(()),
                reason = cx.cancelled() => Err(reason.into()),
            }
        }

    "t.integration.tasks.print_unicode" PrintUnicode(
        #[serde(default = "log_message")] log_message: String,
        #[serde(default = "print_message")] print_message: String
    ) {} -> () = |this, _cx| {
        tracing::warn!("{}", this.log_message);
        tracing::info!("{}", this.print_message);
        Ok(())
    }

    "t.integration.tasks.write_to_file_and_return_int" WriteToFileAndReturnInt(file_name: String, i: i64) {}
        -> i64 = |this, _cx| {
            let mut file = File::options().create(true).append(true).open(&this.file_name)?;
            file.write_all(format!("{}\n", this.i).as_bytes())?;
            Ok(this.i)
        }

    "t.integration.tasks.soft_time_limit_must_exceed_time_limit" SoftTimeLimitMustExceedTimeLimit() {
        SOFT_TIME_LIMIT: Option<Duration> = Some(Duration::from_secs(2));
        TIME_LIMIT: Option<Duration> = Some(Duration::from_secs(1));
    } -> () = |_this, _cx| { Ok(()) }

    "celery.ping" Ping() {} -> String = |_this, _cx| { Ok("pong".to_owned()) }

    "noop" Noop(#[serde(default)] x: Value) {} -> () = |this, _cx| { drop(this.x); Ok(()) }

    "t.integration.tasks.noop" SuiteNoop(#[serde(default)] x: Value) {} -> () = |this, _cx| { drop(this.x); Ok(()) }

    "lat" Lat(t0: f64) {} -> () = |this, cx| { tell_latency(cx.state(), this.t0) }

    "t.integration.tasks.lat" SuiteLat(t0: f64) {} -> () = |this, cx| { tell_latency(cx.state(), this.t0) }
}

fn log_message() -> String {
    "Grüße, ελληνικά, 中文".to_owned()
}

fn print_message() -> String {
    "żółć, ünïcödé".to_owned()
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Operands {
    x: i64,
    y: i64,
}

//! Tasks that leave something in Redis, for the suite to look at.

use redis::AsyncCommands;
use serde_json::{Value, json};

use super::tasks;

fn echo_key() -> String {
    "redis-echo".to_owned()
}

fn ids_key() -> String {
    "redis-group-ids".to_owned()
}

fn count_key() -> String {
    "redis-count".to_owned()
}

/// What Redis is given for a value: texts as they are, all else as Python writes it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(dict) => match dict.get("__value__").and_then(Value::as_str) {
            // kombu's JSON for bytes.
            Some(bytes) => bytes.to_owned(),
            None => value.to_string(),
        },
        other => other.to_string(),
    }
}

tasks! {
    "t.integration.tasks.redis_echo" RedisEcho(message: Value, #[serde(default = "echo_key")] redis_key: String) {}
        -> () = |this, cx| {
            let mut redis = cx.state().redis().await?;
            redis.rpush::<_, _, ()>(this.redis_key, text(&this.message)).await?;
            Ok(())
        }

    "t.integration.tasks.redis_echo_group_id"
        RedisEchoGroupId(_ignored: Value, #[serde(default = "ids_key")] redis_key: String) {}
        -> () = |this, cx| {
            let group = cx.request().group_id().map(ToString::to_string).unwrap_or_default();
            let mut redis = cx.state().redis().await?;
            redis.rpush::<_, _, ()>(this.redis_key, group).await?;
            Ok(())
        }

    "t.integration.tasks.redis_count" RedisCount(#[serde(default = "count_key")] redis_key: String) {}
        -> () = |this, cx| {
            let mut redis = cx.state().redis().await?;
            redis.incr::<_, _, ()>(this.redis_key, 1).await?;
            Ok(())
        }

    "t.integration.tasks.errback_old_style" ErrbackOldStyle(request_id: String) {} -> String = |this, cx| {
        let mut redis = cx.state().redis().await?;
        redis.incr::<_, _, ()>(&this.request_id, 1).await?;
        Ok(this.request_id)
    }

    "t.integration.tasks.errback_new_style" ErrbackNewStyle(request: Value, exc: Value, tb: Value) {
        INLINE_ERRBACK: bool = true;
    } -> Value = |this, cx| {
        drop((this.exc, this.tb));
        let id = this.request["id"].as_str().unwrap_or_default().to_owned();
        let mut redis = cx.state().redis().await?;
        redis.incr::<_, _, ()>(&id, 1).await?;
        Ok(json!(id))
    }
}

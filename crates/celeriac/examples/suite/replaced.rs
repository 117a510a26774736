//! Tasks that let others take their place.

use celeriac::{Chain, Signature, chain, group};
use redis::AsyncCommands;
use serde_json::{Value, json};

use super::{task, tasks};

/// What is linked to the chains: it echoes the message, or else the result.
fn echo(message: Option<Value>) -> Signature {
    match message {
        Some(message) => task("redis_echo").args([message]).immutable(),
        None => task("redis_echo"),
    }
}

/// A task that takes itself apart once more, between two lines.
async fn nested(
    cx: &celeriac::Context<super::Suite>,
    letter: &str,
    state: bool,
    then: impl FnOnce() -> Chain,
) -> celeriac::TaskResult<()> {
    let mut redis = cx.state().redis().await?;
    let line = format!("{} {letter}", if state { "Out" } else { "In" });
    redis.rpush::<_, _, ()>("redis-echo", line).await?;
    if state { Ok(()) } else { Err(cx.replace(then())) }
}

tasks! {
    "t.integration.tasks.add_replaced" AddReplaced(x: Value, y: Value) {} -> Value = |this, cx| {
        Err(cx.replace(task("add").args([this.x, this.y])))
    }

    "t.integration.tasks.replace_with_chain" ReplaceWithChain(
        #[serde(rename = "*args", default)] args: Vec<Value>, #[serde(default)] link_msg: Option<Value>
    ) {} -> Value = |this, cx| {
        let steps = chain([task("identity").args(this.args), task("identity")]);
        Err(cx.replace(steps.link(echo(this.link_msg))))
    }

    "t.integration.tasks.replace_with_chain_which_raises" ReplaceWithChainWhichRaises(
        #[serde(rename = "*args", default)] args: Vec<Value>, #[serde(default)] link_msg: Option<Value>
    ) {} -> Value = |this, cx| {
        let steps = chain([task("identity").args(this.args), task("raise_error")]);
        Err(cx.replace(steps.link_error(echo(this.link_msg))))
    }

    "t.integration.tasks.replace_with_empty_chain" ReplaceWithEmptyChain(*) {} -> Value = |this, cx| {
        drop(this.0);
        Err(cx.replace(chain(Vec::<Signature>::new())))
    }

    "t.integration.tasks.add_to_all" AddToAll(nums: Vec<Value>, val: Value) {} -> Value = |this, cx| {
        let adds = this.nums.into_iter().map(|num| task("add").args([num, this.val.clone()]));
        Err(cx.replace(group(adds)))
    }

    "t.integration.tasks.second_order_replace1" SecondOrderReplace1(#[serde(default)] state: bool) {}
        -> () = |this, cx| {
            let again = || task("second_order_replace1").kwarg("state", true).immutable();
            nested(&cx, "A", this.state, || chain([task("second_order_replace2"), again()])).await
        }

    "t.integration.tasks.second_order_replace2" SecondOrderReplace2(#[serde(default)] state: bool) {}
        -> () = |this, cx| {
            let again = || task("second_order_replace2").kwarg("state", true).immutable();
            nested(&cx, "B", this.state, || chain([task("redis_echo").args(["In/Out C"]), again()])).await
        }

    "t.integration.tasks.replaced_with_me" ReplacedWithMe() {} -> bool = |_this, _cx| { Ok(true) }

    "t.integration.tasks.replace_with_stamped_task"
        ReplaceWithStampedTask(#[serde(default)] replace_with: Option<Signature>) {} -> Value = |this, cx| {
            let next = this.replace_with.unwrap_or_else(|| task("replaced_with_me"));
            Err(cx.replace(next.stamp("StampOnReplace", json!("This is the replaced task"))))
        }
}

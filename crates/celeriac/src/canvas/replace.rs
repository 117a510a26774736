//! Putting a canvas in the place of a running task: it takes over the task's id, and all that waits for the task.

use serde_json::{Value, json};

use super::options::{self, Kind};
use super::{compose, freeze};
use crate::protocol::{Message, Signature, TaskException};
use crate::task::Failure;

/// The signature that is to be applied instead of the message's task.
///
/// # Errors
/// When it cannot be put there: an empty chain, or a member of a chord.
pub(crate) fn replacement(message: &Message, signature: Signature) -> Result<Signature, Failure> {
    let (headers, embed) = (&message.headers, message.body.embed());
    if signature.options.contains_key("chord") {
        return Err(refused("a signature that replaces a task must not be a member of a chord"));
    }
    let signature = options::unrolled_chunks(signature);
    if Kind::of(&signature) == Kind::Chain && freeze::completions(&signature) == 0 {
        return Err(refused("Cannot replace with an empty chain"));
    }
    // A task has one result, so what takes its place has one too.
    let mut signature = freeze::one_completion(signature);
    for callback in embed.callbacks.iter().flatten() {
        compose::link(&mut signature, callback.clone());
    }
    for errback in embed.errbacks.iter().flatten() {
        compose::link_error(&mut signature, errback.clone());
    }
    freeze::set_final_id(&mut signature, headers.id.as_str());

    let nesting = headers.replaced_task_nesting + 1;
    let mut rest = embed.chain.clone().unwrap_or_default();
    rest.iter_mut().for_each(|step| set(step, "replaced_task_nesting", json!(nesting)));
    if Kind::of(&signature) == Kind::Chain {
        let mut steps = options::take_members(&mut signature);
        steps.iter_mut().for_each(|step| set(step, "replaced_task_nesting", json!(nesting)));
        options::set_members(&mut signature, steps);
    }
    set(&mut signature, "replaced_task_nesting", json!(nesting));
    set(&mut signature, "root_id", json!(headers.root_id.as_ref().unwrap_or(&headers.id)));
    set(&mut signature, "parent_id", json!(headers.id));
    if let Some(group) = &headers.group {
        set(&mut signature, "group_id", json!(group));
        set(&mut signature, "group_index", json!(headers.group_index));
    }
    if let Some(chord) = &embed.chord {
        set(&mut signature, "chord", json!(chord));
    }
    options::prepend_chain(&mut signature, rest);
    Ok(signature)
}

fn set(signature: &mut Signature, key: &str, value: Value) {
    signature.options.insert(key.to_owned(), value);
}

fn refused(message: &str) -> Failure {
    Failure::of(TaskException::new("celery.exceptions", "ImproperlyConfigured", message))
}

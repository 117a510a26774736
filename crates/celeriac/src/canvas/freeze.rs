//! Ids for signatures, fixed before they are sent.

use serde_json::{Value, json};

use super::options::{self, Kind};
use crate::protocol::{JsonMap, Signature, TaskId};

/// How often a member of a header completes: a chain by its last task, a chord by its body, a group by each member.
pub(crate) fn completions(signature: &Signature) -> u64 {
    match Kind::of(signature) {
        Kind::Plain => 1,
        Kind::Chord => options::take_chord(&mut signature.clone()).map_or(0, |(_, body)| completions(&body)),
        Kind::Chain => {
            let steps = options::take_members(&mut signature.clone());
            steps.iter().rev().map(completions).find(|count| *count > 0).unwrap_or(0)
        }
        Kind::Group => options::flat_members(&mut signature.clone()).iter().map(completions).sum(),
    }
}

/// A member of a header that would complete more than once (it ends with a group) gets a body that collects the
/// group's results into one list, which is what joining a nested group gives in Celery.
pub(crate) fn one_completion(mut member: Signature) -> Signature {
    match Kind::of(&member) {
        Kind::Plain => member,
        Kind::Group => {
            // Its results are the chord's no longer.
            for key in MEMBERSHIP {
                member.options.remove(key);
            }
            let mut joined = options::chord(member, accumulate());
            freeze(&mut joined);
            joined
        }
        Kind::Chain => {
            let mut steps = options::take_members(&mut member);
            if let Some(last) = steps.pop() {
                steps.push(one_completion(last));
            }
            options::set_members(&mut member, steps);
            member
        }
        Kind::Chord => match options::take_chord(&mut member) {
            Some((header, body)) => {
                options::set_chord(&mut member, header, one_completion(body));
                member
            }
            None => member,
        },
    }
}

/// Gives back the list that it is called with.
pub(crate) fn accumulate() -> Signature {
    Signature::new("celery.accumulate").kwarg("index", 0)
}

/// Gives ids to a signature, its members and what follows it, wherever they have none, so that sending it twice
/// (a redelivered parent) sends the same tasks. Returns the id whose result is the signature's.
pub(crate) fn freeze(signature: &mut Signature) -> String {
    for key in ["link", "chain"] {
        let mut list = options::take_signatures(signature, key);
        list.iter_mut().for_each(|signature| drop(freeze(signature)));
        options::set_signatures(signature, key, list);
    }
    match Kind::of(signature) {
        Kind::Plain => own_id(signature),
        Kind::Chain => {
            let mut steps = options::take_members(signature);
            let wanted = options::text(signature, "task_id");
            if let (Some(last), Some(wanted)) = (steps.last_mut(), wanted) {
                name(last, wanted);
            }
            let ids: Vec<String> = steps.iter_mut().map(freeze).collect();
            options::set_members(signature, steps);
            ids.last().cloned().unwrap_or_default()
        }
        Kind::Group => {
            let mut members = options::take_members(signature);
            members.iter_mut().for_each(|member| drop(freeze(member)));
            options::set_members(signature, members);
            own_id(signature)
        }
        Kind::Chord => {
            let Some((mut header, mut body)) = options::take_chord(signature) else { return String::new() };
            freeze(&mut header);
            if let Some(wanted) = options::text(signature, "task_id") {
                name(&mut body, wanted);
            }
            let id = freeze(&mut body);
            options::set_chord(signature, header, body);
            id
        }
    }
}

/// The id whose result is the signature's, of a frozen signature: a chain's last task, a chord's body.
pub(crate) fn final_id(signature: &Signature) -> Option<String> {
    match Kind::of(signature) {
        Kind::Plain | Kind::Group => options::text(signature, "task_id"),
        Kind::Chain => options::take_members(&mut signature.clone()).last().and_then(final_id),
        Kind::Chord => options::take_chord(&mut signature.clone()).and_then(|(_, body)| final_id(&body)),
    }
}

/// Makes `id` the one whose result is the signature's, whatever it had.
pub(crate) fn set_final_id(signature: &mut Signature, id: &str) {
    to_the_end(signature, &mut |signature| drop(signature.options.insert("task_id".to_owned(), json!(id))));
}

/// The options that make a task a member of a group, or of a chord's header.
pub(crate) const MEMBERSHIP: [&str; 3] = ["chord", "group_id", "group_index"];

/// Makes the task that ends a signature a member of a group, or of a chord's header. It must be written there, at the
/// very end: what stands further out is not handed down by all of Celery's versions.
pub(crate) fn join(signature: &mut Signature, membership: &JsonMap) {
    at_the_end(signature, &mut |last| last.options.extend(membership.clone()));
}

/// Makes the task that ends a signature a member of the group, unless it is one of another already.
pub(crate) fn join_group(signature: &mut Signature, group_id: &str) {
    at_the_end(signature, &mut |last| {
        if Kind::of(last) == Kind::Plain {
            let own = last.options.entry("group_id").or_insert(Value::Null);
            if own.is_null() {
                *own = json!(group_id);
            }
        }
    });
}

/// Changes the task or group that ends a signature.
fn at_the_end(signature: &mut Signature, change: &mut dyn FnMut(&mut Signature)) {
    to_the_end(signature, &mut |signature| {
        if matches!(Kind::of(signature), Kind::Plain | Kind::Group) {
            change(signature);
        }
    });
}

/// Changes a signature and what ends it, down to a task or a group: a chain's last step, a chord's body.
fn to_the_end(signature: &mut Signature, change: &mut dyn FnMut(&mut Signature)) {
    change(signature);
    match Kind::of(signature) {
        Kind::Plain | Kind::Group => {}
        Kind::Chain => {
            let mut steps = options::take_members(signature);
            if let Some(last) = steps.last_mut() {
                to_the_end(last, change);
            }
            options::set_members(signature, steps);
        }
        Kind::Chord => {
            if let Some((header, mut body)) = options::take_chord(signature) {
                to_the_end(&mut body, change);
                options::set_chord(signature, header, body);
            }
        }
    }
}

/// Gives an id to a signature that has none.
fn name(signature: &mut Signature, id: String) {
    if options::text(signature, "task_id").is_none() {
        signature.options.insert("task_id".to_owned(), Value::String(id));
    }
}

fn own_id(signature: &mut Signature) -> String {
    if let Some(id) = options::text(signature, "task_id") {
        return id;
    }
    let id = TaskId::new().to_string();
    signature.options.insert("task_id".to_owned(), Value::String(id.clone()));
    id
}

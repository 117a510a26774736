//! Reading and writing what a signature's dict holds: its kind, its members, its options.

use serde_json::{Value, json};

use crate::protocol::{JsonMap, Signature, SubtaskType};

/// How a signature is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Chain,
    Group,
    Chord,
}

impl Kind {
    pub(crate) fn of(signature: &Signature) -> Self {
        match &signature.subtask_type {
            Some(SubtaskType::Chain) => Self::Chain,
            Some(SubtaskType::Group) => Self::Group,
            Some(SubtaskType::Chord) => Self::Chord,
            // map and starmap are sent as they are: they name real tasks. Chunks are unrolled before they are applied.
            _ => Self::Plain,
        }
    }
}

/// An option that is a text.
pub(crate) fn text(signature: &Signature, key: &str) -> Option<String> {
    signature.options.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Removes a list of signatures from the options; what is no signature in it is left out.
pub(crate) fn take_signatures(signature: &mut Signature, key: &str) -> Vec<Signature> {
    signature.options.remove(key).map(signatures).unwrap_or_default()
}

/// Writes a list of signatures into the options; an empty one is left out.
pub(crate) fn set_signatures(signature: &mut Signature, key: &str, list: Vec<Signature>) {
    if list.is_empty() {
        signature.options.remove(key);
    } else {
        signature.options.insert(key.to_owned(), json!(list));
    }
}

/// Adds signatures to a list in the options, each once.
pub(crate) fn append_signatures(signature: &mut Signature, key: &str, more: Vec<Signature>) {
    if !more.is_empty() {
        let mut list = take_signatures(signature, key);
        for one in more {
            if !list.contains(&one) {
                list.push(one);
            }
        }
        set_signatures(signature, key, list);
    }
}

/// Makes `rest` (reversed: its last element comes next) follow a signature and what already follows it.
pub(crate) fn prepend_chain(signature: &mut Signature, mut rest: Vec<Signature>) {
    if !rest.is_empty() {
        rest.extend(take_signatures(signature, "chain"));
        set_signatures(signature, "chain", rest);
    }
}

/// Puts options over those of a signature, as `apply_async(**options)` does. What makes a signature a member of
/// something is not passed on, and neither are stamps to a signature that has its own.
pub(crate) fn inherit(signature: &mut Signature, options: &JsonMap) {
    const OWN: [&str; 7] = ["task_id", "group_id", "group_index", "chord", "chain", "link", "link_error"];
    let stamped: Vec<String> = stamp_names(&signature.options);
    for (key, value) in options {
        let is_own = OWN.contains(&key.as_str())
            || (!stamped.is_empty() && (key == "stamped_headers" || stamped.contains(key)));
        if !is_own && !value.is_null() {
            signature.options.insert(key.clone(), value.clone());
        }
    }
}

/// The names of the stamps among the options.
pub(crate) fn stamp_names(options: &JsonMap) -> Vec<String> {
    let names = options.get("stamped_headers").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Removes options, and gives those that were set to something.
pub(crate) fn take_options(signature: &mut Signature, keys: &[&str]) -> JsonMap {
    let taken = keys.iter().filter_map(|key| Some(((*key).to_owned(), signature.options.remove(*key)?)));
    taken.filter(|(_, value)| !value.is_null()).collect()
}

/// The arguments that a canvas hands to its members: what came before its own, unless it is immutable.
pub(crate) fn partial(signature: &mut Signature, extra: &[Value]) -> Vec<Value> {
    let mut args = std::mem::take(&mut signature.args);
    if !signature.immutable {
        args.splice(0..0, extra.iter().cloned());
    }
    args
}

/// Removes the members of a chain or group.
pub(crate) fn take_members(signature: &mut Signature) -> Vec<Signature> {
    signature.kwargs.remove("tasks").map(signatures).unwrap_or_default()
}

/// Puts the members of a chain or group back.
pub(crate) fn set_members(signature: &mut Signature, members: Vec<Signature>) {
    signature.kwargs.insert("tasks".to_owned(), json!(members));
}

/// Removes the members of a group; members of groups in it take their place.
pub(crate) fn flat_members(group: &mut Signature) -> Vec<Signature> {
    let mut flat = Vec::new();
    for member in take_members(group) {
        let mut member = unrolled_chunks(member);
        if Kind::of(&member) == Kind::Group && !member.options.contains_key("chain") {
            flat.extend(flat_members(&mut member));
        } else {
            flat.push(member);
        }
    }
    flat
}

/// Removes header and body of a chord.
pub(crate) fn take_chord(chord: &mut Signature) -> Option<(Signature, Signature)> {
    let body = chord.kwargs.remove("body").and_then(|body| serde_json::from_value(body).ok())?;
    let header = match chord.kwargs.remove("header") {
        Some(Value::Object(group)) => serde_json::from_value(Value::Object(group)).ok()?,
        Some(list) => group_of(signatures(list)),
        None => group_of(Vec::new()),
    };
    // A header may be written as one signature.
    let header = match Kind::of(&header) {
        Kind::Group => header,
        Kind::Chain => {
            let mut header = header;
            group_of(take_members(&mut header))
        }
        _ => group_of(vec![header]),
    };
    Some((header, body))
}

/// Removes the keyword arguments that a chord has for the tasks of its header.
pub(crate) fn take_keywords(chord: &mut Signature) -> JsonMap {
    match chord.kwargs.remove("kwargs") {
        Some(Value::Object(keywords)) => keywords,
        _ => JsonMap::new(),
    }
}

/// Gives keyword arguments to the tasks of a canvas that are called first, in place of their own of the same names.
pub(crate) fn give_keywords(signature: &mut Signature, keywords: &JsonMap) {
    if keywords.is_empty() {
        return;
    }
    match Kind::of(signature) {
        Kind::Plain if signature.immutable => {}
        Kind::Plain => signature.kwargs.extend(keywords.clone()),
        Kind::Chain => {
            let mut steps = take_members(signature);
            steps.first_mut().into_iter().for_each(|first| give_keywords(first, keywords));
            set_members(signature, steps);
        }
        Kind::Group => {
            let mut members = take_members(signature);
            members.iter_mut().for_each(|member| give_keywords(member, keywords));
            set_members(signature, members);
        }
        Kind::Chord => {
            let mut given = take_keywords(signature);
            given.extend(keywords.clone());
            signature.kwargs.insert("kwargs".to_owned(), given.into());
        }
    }
}

/// Puts header and body of a chord back.
pub(crate) fn set_chord(chord: &mut Signature, header: Signature, body: Signature) {
    chord.kwargs.insert("header".to_owned(), json!(header));
    chord.kwargs.insert("body".to_owned(), json!(body));
}

/// `chunks` is a group of starmaps, a piece of the list each. One whose pieces would carry too many copies of a large task
/// stays what it is; [`Plan::apply`](super::plan::Plan::apply) refuses it.
pub(crate) fn unrolled_chunks(mut signature: Signature) -> Signature {
    if signature.subtask_type != Some(SubtaskType::Chunks) {
        return signature;
    }
    let n =
        signature.kwargs.get("n").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let n = n.max(1);
    let copies = signature.kwargs.get("it").and_then(Value::as_array).map_or(0, Vec::len).div_ceil(n);
    let weight = signature.kwargs.get("task").map_or(0, super::plan::weight);
    if weight.saturating_mul(copies) > super::plan::MAX_COPIED_BYTES {
        return signature;
    }
    let task = signature.kwargs.remove("task").unwrap_or_default();
    let pieces = match signature.kwargs.remove("it") {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    let starmaps = pieces.chunks(n).map(|piece| starmap_of(task.clone(), piece.to_vec())).collect();
    let mut group = group_of(starmaps);
    group.options = signature.options;
    group
}

/// A task that runs another one for each list of arguments.
pub(crate) fn starmap_of(task: Value, items: Vec<Value>) -> Signature {
    let mut signature = Signature::new("celery.starmap").kwarg("task", task).kwarg("it", items).immutable();
    signature.subtask_type = Some(SubtaskType::Starmap);
    signature
}

/// A group's dict.
pub(crate) fn group_of(members: Vec<Signature>) -> Signature {
    with_members("celery.group", SubtaskType::Group, members)
}

/// A chain's dict, of steps as they are.
pub(crate) fn chain_dict(steps: Vec<Signature>) -> Signature {
    with_members("celery.chain", SubtaskType::Chain, steps)
}

/// A chord's dict.
pub(crate) fn chord(header: Signature, body: Signature) -> Signature {
    let mut signature = Signature::new("celery.chord");
    signature.subtask_type = Some(SubtaskType::Chord);
    signature.kwargs.insert("kwargs".to_owned(), json!({}));
    signature.kwargs.insert("header".to_owned(), json!(header));
    signature.kwargs.insert("body".to_owned(), json!(body));
    signature
}

fn with_members(task: &str, kind: SubtaskType, members: Vec<Signature>) -> Signature {
    let mut signature = Signature::new(task);
    signature.subtask_type = Some(kind);
    signature.kwargs.insert("tasks".to_owned(), json!(members));
    signature
}

fn signatures(list: Value) -> Vec<Signature> {
    match list {
        Value::Array(list) => list.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect(),
        Value::Object(single) => serde_json::from_value(Value::Object(single)).into_iter().collect(),
        _ => Vec::new(),
    }
}

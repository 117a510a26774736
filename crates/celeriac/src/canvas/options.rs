//! Reading and writing what a signature's dict holds: its kind, its members, its options.

use serde_json::{Value, json};

use crate::protocol::{JsonMap, Signature, SubtaskType, TaskId};

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
            // map, starmap and chunks are sent as they are: they name real tasks.
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

/// Adds signatures to a list in the options.
pub(crate) fn append_signatures(signature: &mut Signature, key: &str, more: Vec<Signature>) {
    if !more.is_empty() {
        let mut list = take_signatures(signature, key);
        list.extend(more);
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

/// Takes over what a signature leaves open: parent, root, priority, queue and the like.
pub(crate) fn inherit(signature: &mut Signature, options: &JsonMap) {
    const INHERITED: [&str; 11] = [
        "root_id",
        "parent_id",
        "priority",
        "queue",
        "reply_to",
        "expires",
        "eta",
        "countdown",
        "time_limit",
        "soft_time_limit",
        "headers",
    ];
    for key in INHERITED {
        if let Some(value) = options.get(key).filter(|value| !value.is_null()) {
            let own = signature.options.entry(key).or_insert(Value::Null);
            if own.is_null() {
                own.clone_from(value);
            }
        }
    }
}

/// Removes the members of a chain or group.
pub(crate) fn take_members(signature: &mut Signature, key: &str) -> Vec<Signature> {
    match signature.kwargs.remove(key) {
        // A chord's header may be a group or a plain list.
        Some(Value::Object(group)) => group
            .get("kwargs")
            .and_then(|kwargs| kwargs.get("tasks"))
            .cloned()
            .map(signatures)
            .unwrap_or_default(),
        Some(list) => signatures(list),
        None => Vec::new(),
    }
}

/// Removes the members of a group; members of groups in it take their place.
pub(crate) fn flat_members(group: &mut Signature) -> Vec<Signature> {
    let mut flat = Vec::new();
    for mut member in take_members(group, "tasks") {
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
    Some((header, body))
}

/// A group's dict.
pub(crate) fn group_of(members: Vec<Signature>) -> Signature {
    with_members("celery.group", SubtaskType::Group, members)
}

/// A chain's dict. A group that is followed by something becomes a chord, as Python's client does it.
pub(crate) fn chain_of(steps: Vec<Signature>) -> Signature {
    let mut joined: Vec<Signature> = Vec::with_capacity(steps.len());
    for mut step in steps {
        if Kind::of(&step) == Kind::Chain && step.options.is_empty() {
            for step in take_members(&mut step, "tasks") {
                push_step(&mut joined, step);
            }
        } else {
            push_step(&mut joined, step);
        }
    }
    with_members("celery.chain", SubtaskType::Chain, joined)
}

fn push_step(joined: &mut Vec<Signature>, step: Signature) {
    match joined.pop_if(|last| Kind::of(last) == Kind::Group) {
        Some(header) => joined.push(chord(header, step)),
        None => joined.push(step),
    }
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

/// How often a member of a header completes: a chain by its last task, a group by each member.
pub(crate) fn completions(signature: &Signature) -> u64 {
    match Kind::of(signature) {
        Kind::Plain | Kind::Chord => 1,
        Kind::Chain => take_members(&mut signature.clone(), "tasks").last().map_or(0, completions),
        Kind::Group => flat_members(&mut signature.clone()).iter().map(completions).sum(),
    }
}

/// A member of a header that would complete more than once (it is, or ends with, a group) gets a body that
/// collects the group's results into one list, which is what joining a nested group gives in Celery.
pub(crate) fn one_completion(mut member: Signature) -> Signature {
    let collected = |group: Signature| {
        let mut accumulate = Signature::new("celery.accumulate");
        accumulate.kwargs.insert("index".to_owned(), json!(0));
        let mut joined = chord(group, accumulate);
        freeze(&mut joined);
        joined
    };
    match Kind::of(&member) {
        Kind::Group => collected(member),
        Kind::Chain => {
            let mut steps = take_members(&mut member, "tasks");
            if let Some(last) = steps.pop() {
                steps.push(one_completion(last));
            }
            member.kwargs.insert("tasks".to_owned(), json!(steps));
            member
        }
        Kind::Plain | Kind::Chord => member,
    }
}

/// Gives ids to a signature, its members and what follows it, wherever they have none, so that sending it twice
/// (a redelivered parent) sends the same tasks. Returns the id whose result is the signature's.
pub(crate) fn freeze(signature: &mut Signature) -> String {
    for key in ["link", "chain"] {
        let mut list = take_signatures(signature, key);
        list.iter_mut().for_each(|signature| drop(freeze(signature)));
        set_signatures(signature, key, list);
    }
    match Kind::of(signature) {
        Kind::Plain => own_id(signature),
        Kind::Chain => {
            let mut steps = take_members(signature, "tasks");
            let wanted = text(signature, "task_id");
            if let (Some(last), Some(wanted)) = (steps.last_mut(), wanted) {
                last.options.entry("task_id").or_insert(Value::String(wanted));
            }
            let ids: Vec<String> = steps.iter_mut().map(freeze).collect();
            signature.kwargs.insert("tasks".to_owned(), json!(steps));
            ids.last().cloned().unwrap_or_default()
        }
        Kind::Group => {
            let mut members = take_members(signature, "tasks");
            members.iter_mut().for_each(|member| drop(freeze(member)));
            signature.kwargs.insert("tasks".to_owned(), json!(members));
            own_id(signature)
        }
        Kind::Chord => {
            let Some((mut header, mut body)) = take_chord(signature) else { return String::new() };
            freeze(&mut header);
            if let Some(wanted) = text(signature, "task_id") {
                body.options.entry("task_id").or_insert(Value::String(wanted));
            }
            let id = freeze(&mut body);
            signature.kwargs.insert("header".to_owned(), json!(header));
            signature.kwargs.insert("body".to_owned(), json!(body));
            id
        }
    }
}

/// The id whose result is the signature's, of a frozen signature: a chain's last task, a chord's body.
pub(crate) fn final_id(signature: &Signature) -> Option<String> {
    match Kind::of(signature) {
        Kind::Plain | Kind::Group => text(signature, "task_id"),
        Kind::Chain => take_members(&mut signature.clone(), "tasks").last().and_then(final_id),
        Kind::Chord => take_chord(&mut signature.clone()).and_then(|(_, body)| final_id(&body)),
    }
}

fn own_id(signature: &mut Signature) -> String {
    if let Some(id) = text(signature, "task_id") {
        return id;
    }
    let id = TaskId::new().to_string();
    signature.options.insert("task_id".to_owned(), Value::String(id.clone()));
    id
}

fn signatures(list: Value) -> Vec<Signature> {
    match list {
        Value::Array(list) => list.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect(),
        Value::Object(single) => serde_json::from_value(Value::Object(single)).into_iter().collect(),
        _ => Vec::new(),
    }
}

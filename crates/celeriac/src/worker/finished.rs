//! What is left to do when a message has ended: what to store, to send, to count, to settle, to tell.

use serde_json::{Value, json};

use crate::backend::ChordPart;
use crate::broker::{Publication, Settlement};
use crate::canvas::freeze;
use crate::canvas::options::{self, Kind};
use crate::canvas::plan::{ChordSize, Plan};
use crate::error::AppError;
use crate::protocol::{
    Embed, GroupId, JsonMap, Message, NodeName, ResultTuple, Signature, SubtaskType, TaskException, TaskId,
    TaskMeta, TaskState,
};
use crate::task::Failure;

/// The end of one message. Carried out in the order of the fields; many at a time.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    /// The message's number; nothing for work that belongs to no message.
    pub(crate) number: Option<u64>,
    /// States to store before anything is sent: a retry must not be overtaken by its next run's result.
    pub(crate) metas_first: Vec<TaskMeta>,
    /// Sizes of chords whose headers are sent.
    pub(crate) chords: Vec<ChordSize>,
    /// Signatures to send.
    pub(crate) calls: Vec<Signature>,
    /// Messages to send as they are.
    pub(crate) publications: Vec<Publication>,
    /// States to store.
    pub(crate) metas: Vec<TaskMeta>,
    /// Members of chord headers that have ended.
    pub(crate) parts: Vec<Part>,
    /// Errbacks of tasks that have failed.
    pub(crate) errbacks: Vec<Errbacks>,
    /// How the message is settled.
    pub(crate) settlement: Option<Settlement>,
    /// Events to send when all is stored.
    pub(crate) events: Vec<(&'static str, TaskId, JsonMap)>,
}

/// A member of a chord's header that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) part: ChordPart,
    /// What runs when all members have ended.
    pub(crate) body: Signature,
    /// The first task of the member's tree.
    pub(crate) root_id: Option<TaskId>,
    /// Errbacks that were called already because of the failure that has reached this member.
    pub(crate) called: Vec<Signature>,
}

/// What is to be called because a task has failed.
#[derive(Debug, Clone)]
pub(crate) struct Errbacks {
    pub(crate) list: Vec<Signature>,
    /// The task that has failed.
    pub(crate) id: TaskId,
    pub(crate) root_id: TaskId,
    /// What errbacks of three arguments are told of the task.
    pub(crate) request: Value,
    pub(crate) failure: Failure,
    /// It never ran, and is said to have sent them.
    pub(crate) is_parent: bool,
}

/// The task that ended, as far as what follows it must know it.
#[derive(Debug, Clone)]
pub(crate) struct Ended<'a> {
    pub(crate) id: &'a TaskId,
    pub(crate) root_id: Option<&'a TaskId>,
    pub(crate) parent_id: Option<&'a TaskId>,
    pub(crate) group: Option<&'a GroupId>,
    pub(crate) group_index: u64,
    pub(crate) message: &'a Message,
    pub(crate) embed: &'a Embed,
    /// Store no result; what follows is sent all the same.
    pub(crate) ignore_result: bool,
    /// Who ran it, if what is stored is to tell what the task was.
    told_by: Option<&'a NodeName>,
}

impl<'a> Ended<'a> {
    /// With the name of who ran it, what is stored tells what the task was (`result_extended`).
    pub(crate) fn new(message: &'a Message, ignore_result: bool, told_by: Option<&'a NodeName>) -> Self {
        let headers = &message.headers;
        Self {
            id: &headers.id,
            root_id: headers.root_id.as_ref(),
            parent_id: headers.parent_id.as_ref(),
            group: headers.group.as_ref(),
            group_index: headers.group_index.unwrap_or(0),
            message,
            embed: message.body.embed(),
            ignore_result,
            told_by,
        }
    }

    /// The meta of the task in a state.
    pub(crate) fn meta(&self, state: TaskState, result: Value) -> TaskMeta {
        let mut meta = TaskMeta::new(self.id.clone(), state, result);
        meta.group_id = self.group.cloned();
        meta.parent_id = self.parent_id.cloned();
        if let Some(worker) = self.told_by {
            meta.extend(self.message, worker);
        }
        meta
    }

    /// What the tasks that follow inherit.
    fn heritage(&self) -> JsonMap {
        heritage(self.id, self.root())
    }

    fn root(&self) -> &TaskId {
        self.root_id.unwrap_or(self.id)
    }

    /// What errbacks of three arguments are told of the task.
    fn request(&self) -> Value {
        let (headers, body) = (&self.message.headers, &self.message.body);
        json!({
            "id": self.id, "task": headers.task, "args": body.args(), "kwargs": body.kwargs(),
            "root_id": self.root_id, "parent_id": self.parent_id, "group": self.group,
            "group_index": headers.group_index, "retries": headers.retries, "headers": headers.extra,
            "stamps": headers.stamps,
        })
    }
}

fn heritage(parent: &TaskId, root: &TaskId) -> JsonMap {
    JsonMap::from_iter([
        ("parent_id".to_owned(), parent.as_str().into()),
        ("root_id".to_owned(), root.as_str().into()),
    ])
}

impl Finished {
    /// The task gave a result: its callbacks and the next task of its chain are called with it, its chord counts it.
    /// `children` is what it has sent by itself.
    pub(crate) fn succeed(&mut self, task: &Ended<'_>, value: Value, mut children: Vec<ResultTuple>) {
        let embed = task.embed;
        if embed.callbacks.is_some() || embed.chain.is_some() {
            let heritage = task.heritage();
            let value = std::slice::from_ref(&value);
            for callback in together(embed.callbacks.iter().flatten().cloned().collect()) {
                children.extend(self.call(callback, value, &heritage));
            }
            let mut rest = embed.chain.clone().unwrap_or_default();
            if let Some(mut next) = rest.pop() {
                options::prepend_chain(&mut next, rest);
                children.extend(self.call(next, value, &heritage));
            }
        }
        self.count(task, TaskState::Success, &value);
        if !task.ignore_result {
            let mut meta = task.meta(TaskState::Success, value);
            meta.children = Some(children);
            self.metas.push(meta);
        }
    }

    /// The task will give no result: its errbacks are called, and so are told the rest of its chain and its chord,
    /// which would wait for ever.
    pub(crate) fn fail(&mut self, task: &Ended<'_>, state: TaskState, failure: &Failure) {
        let exception = failure.exception.clone().into_value();
        if !task.ignore_result {
            let mut meta = task.meta(state.clone(), exception.clone());
            meta.traceback.clone_from(&failure.traceback);
            self.metas.push(meta);
        }
        self.count(task, state.clone(), &exception);
        let stored = self.metas.len();
        for next in task.embed.chain.iter().flatten() {
            self.fail_signature(next, &state, failure, task.root(), &[]);
        }
        if task.told_by.is_some() {
            // As Celery has it: of tasks that never ran, their signatures are told.
            let chain: Vec<&Signature> = task.embed.chain.iter().flatten().collect();
            for meta in &mut self.metas[stored..] {
                let called = |next: &&&Signature| {
                    options::text(next, "task_id").as_deref() == Some(meta.task_id.as_str())
                };
                if let Some(next) = chain.iter().find(called) {
                    meta.extend_unsent(next);
                }
            }
        }
        let list: Vec<Signature> = task.embed.errbacks.iter().flatten().cloned().collect();
        if state == TaskState::Failure && !list.is_empty() {
            self.errbacks.push(Errbacks {
                list,
                id: task.id.clone(),
                root_id: task.root().clone(),
                request: task.request(),
                failure: failure.clone(),
                is_parent: false,
            });
        }
    }

    /// The chord's body will never run, since a task of its header gave no result. The members of a body that is a
    /// group fail as that task did.
    pub(crate) fn fail_body(
        &mut self,
        body: &Signature,
        dependency: &TaskId,
        cause: TaskException,
        already: &[Signature],
    ) {
        let exception = match Kind::of(body) {
            Kind::Group => cause,
            Kind::Plain | Kind::Chain | Kind::Chord => {
                let message = format!("Dependency {dependency} raised {}", cause.repr());
                TaskException::new("celery.exceptions", "ChordError", message)
            }
        };
        let failure = Failure::bare(exception);
        let id = TaskId::from(freeze::final_id(body).unwrap_or_default());
        let root = options::text(body, "root_id").map_or_else(|| id.clone(), TaskId::from);
        let mut called = already.to_vec();
        self.fail_errbacks(body, id, &root, &failure, &mut called);
        let before = self.metas.len();
        self.fail_signature(body, &TaskState::Failure, &failure, &root, &called);
        // Celery knows nothing but the id of a body that never ran.
        if Kind::of(body) == Kind::Plain {
            self.metas.iter_mut().skip(before).for_each(|meta| meta.group_id = None);
        }
    }

    /// Calls the errbacks of a signature that is never sent, but for those that were called already.
    fn fail_errbacks(
        &mut self,
        body: &Signature,
        id: TaskId,
        root_id: &TaskId,
        failure: &Failure,
        called: &mut Vec<Signature>,
    ) {
        let mut body = body.clone();
        let mut list = options::take_signatures(&mut body, "link_error");
        if list.is_empty() {
            match Kind::of(&body) {
                Kind::Chain => {
                    let first = options::take_members(&mut body).into_iter().next();
                    list = first
                        .map(|mut first| options::take_signatures(&mut first, "link_error"))
                        .unwrap_or_default();
                }
                Kind::Group => {
                    let already = called.clone();
                    for member in options::flat_members(&mut body) {
                        let id = TaskId::from(freeze::final_id(&member).unwrap_or_default());
                        let mut here = already.clone();
                        self.fail_errbacks(&member, id, root_id, failure, &mut here);
                        called.extend(here);
                    }
                }
                Kind::Chord => {
                    if let Some((_, inner)) = options::take_chord(&mut body) {
                        return self.fail_errbacks(&inner, id, root_id, failure, called);
                    }
                }
                Kind::Plain => {}
            }
        }
        list.retain(|errback| !called.contains(errback));
        if !list.is_empty() {
            called.extend(list.iter().cloned());
            let request = json!({
                "id": id, "task": body.task, "args": body.args, "kwargs": body.kwargs, "root_id": root_id,
                "parent_id": null, "group": body.options.get("group_id"), "retries": 0,
            });
            let root_id = root_id.clone();
            self.errbacks.push(Errbacks {
                list,
                id,
                root_id,
                request,
                failure: failure.clone(),
                is_parent: true,
            });
        }
    }

    /// A signature that cannot be sent fails, as if it had run.
    pub(crate) fn fail_unsent(&mut self, signature: &Signature, error: &AppError) {
        let failure = Failure::bare(TaskException::new("builtins", "ValueError", error.to_string()));
        let id = TaskId::from(freeze::final_id(signature).unwrap_or_default());
        let root = options::text(signature, "root_id").map_or_else(|| id.clone(), TaskId::from);
        let mut called = Vec::new();
        self.fail_errbacks(signature, id, &root, &failure, &mut called);
        self.fail_signature(signature, &TaskState::Failure, &failure, &root, &called);
    }

    /// Whether nothing has come about.
    pub(crate) fn is_empty(&self) -> bool {
        self.metas.is_empty() && self.calls.is_empty() && self.errbacks.is_empty() && self.parts.is_empty()
    }

    /// Sends errbacks that get the failed task's id.
    pub(crate) fn call_errbacks(&mut self, list: Vec<Signature>, errbacks: &Errbacks) {
        let Errbacks { id, root_id, is_parent, .. } = errbacks;
        let sent = self.call(options::group_of(list), &[json!(id)], &heritage(id, root_id));
        if let Some(meta) = self.metas.iter_mut().find(|meta| *is_parent && meta.task_id == *id) {
            meta.children.get_or_insert_default().extend(sent);
        }
    }

    /// The body of a chord runs with the results of its header, as a child of the task that ended last.
    pub(crate) fn call_body(
        &mut self,
        body: Signature,
        parent: &TaskId,
        root_id: Option<&TaskId>,
        results: Vec<Value>,
    ) {
        self.call(body, &[Value::Array(results)], &heritage(parent, root_id.unwrap_or(parent)));
    }

    /// Sends a signature as it is.
    pub(crate) fn apply(&mut self, signature: Signature) {
        self.call(signature, &[], &JsonMap::new());
    }

    /// Counts the task as a part of its chord, if it is one.
    pub(crate) fn count(&mut self, task: &Ended<'_>, state: TaskState, result: &Value) {
        if let (Some(body), Some(group)) = (&task.embed.chord, task.group) {
            let part = ChordPart {
                chord: group.clone(),
                task_id: task.id.clone(),
                index: task.group_index,
                state,
                result: result.clone(),
            };
            let (body, root_id) = (body.clone(), task.root_id.cloned());
            self.parts.push(Part { part, body, root_id, called: Vec::new() });
        }
    }

    fn call(&mut self, mut signature: Signature, extra: &[Value], heritage: &JsonMap) -> Option<ResultTuple> {
        options::inherit(&mut signature, heritage);
        let mut plan = Plan::default();
        let is_canvas =
            Kind::of(&signature) != Kind::Plain || signature.subtask_type == Some(SubtaskType::Chunks);
        let spare = is_canvas.then(|| signature.clone());
        let applied = plan.apply(signature, extra);
        if let (None, Some(signature)) = (&applied, spare)
            && let error @ AppError::CanvasSize { .. } = plan.refusal("canvas")
        {
            tracing::error!(target: "celery.worker", "cannot send what follows a task: {error}");
            self.fail_unsent(&signature, &error);
            return None;
        }
        self.calls.extend(plan.calls);
        self.chords.extend(plan.chords);
        applied.map(|applied| applied.sent)
    }

    /// Stores the failure for all tasks that a signature would have given results for.
    /// `called` are the errbacks that were called because of it.
    fn fail_signature(
        &mut self,
        signature: &Signature,
        state: &TaskState,
        failure: &Failure,
        root: &TaskId,
        called: &[Signature],
    ) {
        let mut signature = signature.clone();
        let id = freeze::final_id(&signature).map(TaskId::from);
        for follower in options::take_signatures(&mut signature, "chain") {
            self.fail_signature(&follower, state, failure, root, called);
        }
        match Kind::of(&signature) {
            Kind::Plain => {}
            Kind::Chain | Kind::Group => {
                for member in options::take_members(&mut signature) {
                    self.fail_signature(&member, state, failure, root, called);
                }
            }
            Kind::Chord => {
                if let Some((_, body)) = options::take_chord(&mut signature) {
                    self.fail_signature(&body, state, failure, root, called);
                }
            }
        }
        let exception = failure.exception.clone().into_value();
        if let (Kind::Plain, Some(id)) = (Kind::of(&signature), &id) {
            let mut meta = TaskMeta::new(id.clone(), state.clone(), exception.clone());
            meta.traceback.clone_from(&failure.traceback);
            meta.group_id = options::text(&signature, "group_id").map(GroupId::from);
            self.metas.push(meta);
        }
        // A member of another chord's header: that chord waits for it.
        let body = signature.options.get("chord").and_then(|body| serde_json::from_value(body.clone()).ok());
        if let (Some(body), Some(group), Some(id)) = (body, options::text(&signature, "group_id"), id)
            && Kind::of(&signature) != Kind::Group
        {
            let index = signature.options.get("group_index").and_then(Value::as_u64).unwrap_or(0);
            let part = ChordPart {
                chord: GroupId::from(group),
                task_id: id,
                index,
                state: state.clone(),
                result: exception,
            };
            self.parts.push(Part { part, body, root_id: Some(root.clone()), called: called.to_vec() });
        }
    }
}

/// Several callbacks are called as one group; groups among them stay by themselves.
fn together(callbacks: Vec<Signature>) -> Vec<Signature> {
    if callbacks.len() < 2 {
        return callbacks;
    }
    let (mut groups, single): (Vec<_>, Vec<_>) =
        callbacks.into_iter().partition(|callback| Kind::of(callback) == Kind::Group);
    if !single.is_empty() {
        groups.push(options::group_of(single));
    }
    groups
}

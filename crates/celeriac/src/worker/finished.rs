//! What is left to do when a message has ended: what to store, to send, to count, to settle, to tell.

use serde_json::{Value, json};

use crate::backend::ChordPart;
use crate::broker::{Publication, Settlement};
use crate::canvas::options::{self, Kind};
use crate::canvas::plan::{ChordSize, Plan};
use crate::protocol::{
    Embed, GroupId, JsonMap, Message, ResultTuple, Signature, TaskException, TaskId, TaskMeta, TaskState,
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
    /// Members of chord headers that have ended, each with its chord's body.
    pub(crate) parts: Vec<(ChordPart, Signature)>,
    /// How the message is settled.
    pub(crate) settlement: Option<Settlement>,
    /// Events to send when all is stored.
    pub(crate) events: Vec<(&'static str, TaskId, JsonMap)>,
}

/// The task that ended, as far as what follows it must know it.
#[derive(Debug, Clone)]
pub(crate) struct Ended<'a> {
    pub(crate) id: &'a TaskId,
    pub(crate) root_id: Option<&'a TaskId>,
    pub(crate) parent_id: Option<&'a TaskId>,
    pub(crate) group: Option<&'a GroupId>,
    pub(crate) group_index: u64,
    pub(crate) priority: u8,
    pub(crate) embed: &'a Embed,
    /// Store no result; what follows is sent all the same.
    pub(crate) ignore_result: bool,
}

impl<'a> Ended<'a> {
    pub(crate) fn new(message: &'a Message, ignore_result: bool) -> Self {
        let headers = &message.headers;
        Self {
            id: &headers.id,
            root_id: headers.root_id.as_ref(),
            parent_id: headers.parent_id.as_ref(),
            group: headers.group.as_ref(),
            group_index: headers.group_index.unwrap_or(0),
            priority: message.properties.priority.0,
            embed: message.body.embed(),
            ignore_result,
        }
    }

    fn meta(&self, state: TaskState, result: Value) -> TaskMeta {
        let mut meta = TaskMeta::new(self.id.clone(), state, result);
        meta.group_id = self.group.cloned();
        meta.parent_id = self.parent_id.cloned();
        meta
    }

    /// What the tasks that follow inherit.
    fn heritage(&self) -> JsonMap {
        let mut options = JsonMap::from_iter([("parent_id".to_owned(), self.id.as_str().into())]);
        if let Some(root) = self.root_id {
            options.insert("root_id".to_owned(), root.as_str().into());
        }
        if self.priority != 0 {
            options.insert("priority".to_owned(), self.priority.into());
        }
        options
    }
}

impl Finished {
    /// The task gave a result: its callbacks and the next task of its chain are called with it, its chord counts it.
    pub(crate) fn succeed(&mut self, task: &Ended<'_>, value: Value) {
        let embed = task.embed;
        let mut children: Vec<ResultTuple> = Vec::new();
        if embed.callbacks.is_some() || embed.chain.is_some() {
            let heritage = task.heritage();
            let value = std::slice::from_ref(&value);
            for callback in embed.callbacks.iter().flatten() {
                children.extend(self.call(callback.clone(), value, &heritage));
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
        for next in task.embed.chain.iter().flatten() {
            self.fail_signature(next, &state, failure);
        }
        if state == TaskState::Failure {
            let heritage = task.heritage();
            for errback in task.embed.errbacks.iter().flatten() {
                self.call(errback.clone(), &[json!(task.id)], &heritage);
            }
        }
    }

    /// The chord's body will never run, since a task of its header gave no result.
    pub(crate) fn fail_body(&mut self, body: &Signature, dependency: &TaskId, cause: &TaskException) {
        let message = format!("Dependency {dependency} raised {}", cause.repr());
        let failure = Failure::of(TaskException::new("celery.exceptions", "ChordError", message));
        self.fail_signature(body, &TaskState::Failure, &failure);
        let mut errors = body.clone();
        let mut errbacks = options::take_signatures(&mut errors, "link_error");
        if errbacks.is_empty() && Kind::of(body) == Kind::Chain {
            let first = options::take_members(&mut errors, "tasks").into_iter().next();
            errbacks =
                first.map(|mut first| options::take_signatures(&mut first, "link_error")).unwrap_or_default();
        }
        let id = options::final_id(body).unwrap_or_default();
        for errback in errbacks {
            self.call(errback, &[json!(id)], &JsonMap::new());
        }
    }

    /// The body of a chord runs with the results of its header.
    pub(crate) fn call_body(&mut self, body: Signature, parts: Vec<ChordPart>) {
        let parent = parts.last().map(|part| part.task_id.clone());
        let results = parts.into_iter().map(|part| part.result).collect();
        let mut heritage = JsonMap::new();
        if let Some(parent) = parent {
            heritage.insert("parent_id".to_owned(), parent.as_str().into());
        }
        self.call(body, &[Value::Array(results)], &heritage);
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
            self.parts.push((part, body.clone()));
        }
    }

    fn call(&mut self, mut signature: Signature, extra: &[Value], heritage: &JsonMap) -> Option<ResultTuple> {
        options::inherit(&mut signature, heritage);
        let mut plan = Plan::default();
        let child = plan.apply(signature, extra);
        self.calls.extend(plan.calls);
        self.chords.extend(plan.chords);
        child
    }

    /// Stores the failure for all tasks that a signature would have given results for.
    fn fail_signature(&mut self, signature: &Signature, state: &TaskState, failure: &Failure) {
        let mut signature = signature.clone();
        let id = options::final_id(&signature).map(TaskId::from);
        for follower in options::take_signatures(&mut signature, "chain") {
            self.fail_signature(&follower, state, failure);
        }
        match Kind::of(&signature) {
            Kind::Plain => {}
            Kind::Chain | Kind::Group => {
                for member in options::take_members(&mut signature, "tasks") {
                    self.fail_signature(&member, state, failure);
                }
            }
            Kind::Chord => {
                if let Some((_, body)) = options::take_chord(&mut signature) {
                    self.fail_signature(&body, state, failure);
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
        if let (Some(body), Some(group), Some(id)) = (body, options::text(&signature, "group_id"), id) {
            let index = signature.options.get("group_index").and_then(Value::as_u64).unwrap_or(0);
            let part = ChordPart {
                chord: GroupId::from(group),
                task_id: id,
                index,
                state: state.clone(),
                result: exception,
            };
            self.parts.push((part, body));
        }
    }
}

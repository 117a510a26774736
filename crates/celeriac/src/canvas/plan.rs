//! Applying a signature: any canvas, reduced to the tasks that are to be sent now and the chords that they begin.
//!
//! The rules are those of Celery's `canvas.py`: a chain sends its first task, which carries the rest (reversed);
//! a group sends all; a chord sends its header, each member of which carries the body; a group that is followed
//! by something is a chord. What a signature inherits (the rest of a chain, the chord that it is part of, its
//! parent) is put into its options before it is planned, so that one function serves the client, the callbacks
//! of a task and the body of a chord.

use serde_json::{Value, json};

use super::options::{self, Kind};
use super::{compose, freeze};
use crate::error::AppError;
use crate::protocol::{GroupId, JsonMap, ResultTuple, Signature, SubtaskType, TaskId};

/// What is to be done to apply a signature.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Plain signatures with an id each, in the order in which they are to be sent.
    pub(crate) calls: Vec<Signature>,
    /// Chords whose size must be known before their header runs.
    pub(crate) chords: Vec<ChordSize>,
    /// Bytes that members of groups and headers may yet carry in common, each its own copy.
    room: usize,
    /// There was no room for those copies, and the plan is incomplete.
    is_too_large: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { calls: Vec::new(), chords: Vec::new(), room: MAX_COPIED_BYTES, is_too_large: false }
    }
}

/// How many completions the header of a chord has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChordSize {
    /// The header's group id.
    pub(crate) group_id: GroupId,
    /// The number of completions to wait for.
    pub(crate) size: u64,
}

/// What a signature has become.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Applied {
    /// Where its result will be, with what comes before it as parents.
    pub(crate) result: ResultTuple,
    /// What was sent of it now: the first task, or a group.
    pub(crate) sent: ResultTuple,
}

impl Applied {
    fn of(result: ResultTuple) -> Self {
        Self { sent: shortened(&result, MAX_STORED_PARENTS), result }
    }
}

/// At most so many bytes of copies make a plan: a small message may hold a group of thousands whose members all carry
/// one large body, errback or argument, and what it becomes would fill the memory.
pub(super) const MAX_COPIED_BYTES: usize = 128 * 1024 * 1024;

/// A result knows so many steps before it, and one that is stored so many: each nests it deeper.
const MAX_PARENTS: usize = 1_000;
pub(crate) const MAX_STORED_PARENTS: usize = 20;

/// The same with at most so many parents of itself and of its members.
pub(crate) fn shortened(result: &ResultTuple, parents: usize) -> ResultTuple {
    let parent = result.parent.as_deref().filter(|_| parents > 0);
    let members = result.members.as_ref();
    ResultTuple {
        id: result.id.clone(),
        parent: parent.map(|parent| Box::new(shortened(parent, parents - 1))),
        members: members.map(|members| members.iter().map(|member| shortened(member, parents / 2)).collect()),
    }
}

impl Plan {
    /// Plans `signature` with `extra` before its own arguments, unless it is immutable. Nothing for an empty canvas.
    pub(crate) fn apply(&mut self, signature: Signature, extra: &[Value]) -> Option<Applied> {
        let signature = options::unrolled_chunks(signature);
        match Kind::of(&signature) {
            Kind::Plain if signature.subtask_type == Some(SubtaskType::Chunks) => {
                self.is_too_large = true;
                None
            }
            Kind::Plain => Some(self.plain(signature, extra)),
            Kind::Chain => self.chain(signature, extra),
            Kind::Group => self.group(signature, extra),
            Kind::Chord => self.chord(signature, extra),
        }
    }

    /// Why [`Plan::apply`] gave nothing for a `what`.
    pub(crate) fn refusal(&self, what: &'static str) -> AppError {
        if self.is_too_large {
            AppError::CanvasSize { what, limit: MAX_COPIED_BYTES }
        } else {
            AppError::Empty(what)
        }
    }

    /// Takes the room for so many copies of all this, if there is some left.
    fn has_room<'a>(&mut self, copies: usize, of: impl IntoIterator<Item = &'a Value>) -> bool {
        let bytes: usize = of.into_iter().map(weight).sum();
        match self.room.checked_sub(bytes.saturating_mul(copies.saturating_sub(1))) {
            Some(room) => self.room = room,
            None => self.is_too_large = true,
        }
        !self.is_too_large
    }

    fn plain(&mut self, mut signature: Signature, extra: &[Value]) -> Applied {
        let id = freeze::freeze(&mut signature);
        signature.args = options::partial(&mut signature, extra);
        self.calls.push(signature);
        Applied::of(ResultTuple::task(TaskId::from(id)))
    }

    fn chain(&mut self, mut chain: Signature, extra: &[Value]) -> Option<Applied> {
        freeze::freeze(&mut chain);
        let extra = options::partial(&mut chain, extra);
        let mut steps = steps_of(&mut chain);
        if let Some(errbacks) = chain.options.get("link_error")
            && !self.has_room(steps.iter().map(tasks_of).sum(), [errbacks])
        {
            return None;
        }
        for errback in options::take_signatures(&mut chain, "link_error") {
            steps.iter_mut().for_each(|step| compose::link_error(step, errback.clone()));
        }
        let is_single = steps.len() == 1;
        let last = steps.last_mut()?;
        freeze::join(last, &options::take_options(&mut chain, &freeze::MEMBERSHIP));
        for callback in options::take_signatures(&mut chain, "link") {
            compose::link(last, callback);
        }
        let result = if is_single { None } else { result_of_steps(&steps, None) };

        let mut first = steps.remove(0);
        let mut rest = options::take_signatures(&mut chain, "chain");
        rest.extend(steps.into_iter().rev());
        options::prepend_chain(&mut first, rest);
        options::inherit(&mut first, &chain.options);
        let first = self.apply(first, &extra)?;
        Some(Applied { result: result.unwrap_or(first.result), sent: first.sent })
    }

    fn group(&mut self, mut group: Signature, extra: &[Value]) -> Option<Applied> {
        let mut rest = options::take_signatures(&mut group, "chain");
        if let Some(body) = rest.pop() {
            let mut outer = options::take_options(&mut group, &freeze::MEMBERSHIP);
            outer.extend(options::take_options(&mut group, &["root_id", "parent_id"]));
            let mut chord = options::chord(group, body);
            chord.options = outer;
            options::set_signatures(&mut chord, "chain", rest);
            return self.chord(chord, extra);
        }
        freeze::freeze(&mut group);
        let extra = options::partial(&mut group, extra);
        let own_id = options::text(&group, "task_id").unwrap_or_else(new_id);
        // As the end of a chain in a header the group is no group of its own: its members are the header's.
        let body = group.options.remove("chord").filter(|body| !body.is_null());
        let header_id = options::text(&group, "group_id").filter(|_| body.is_some());
        let mut members = options::flat_members(&mut group);
        let errbacks = group.options.get("link_error");
        if !self.has_room(members.len(), body.iter().chain(&extra).chain(group.options.values()))
            || !self.has_room(errbacks.map_or(0, |_| members.iter().map(tasks_of).sum()), errbacks)
        {
            return None;
        }
        if body.is_some() && header_id.is_none() {
            let size = members.iter().map(freeze::completions).sum();
            self.chords.push(ChordSize { group_id: GroupId::from(own_id.as_str()), size });
        }
        for callback in options::take_signatures(&mut group, "link") {
            if let Some(first) = members.first_mut() {
                compose::link(first, callback.immutable());
            }
        }
        let errbacks = options::take_signatures(&mut group, "link_error");
        let group_id = header_id.as_ref().unwrap_or(&own_id);
        let members: Vec<ResultTuple> = members
            .into_iter()
            .enumerate()
            .filter_map(|(index, mut member)| {
                freeze::join(&mut member, &membership(group_id, index, body.as_ref()));
                for errback in &errbacks {
                    compose::link_error(&mut member, errback.clone());
                }
                options::inherit(&mut member, &group.options);
                Some(self.apply(member, &extra)?.result)
            })
            .collect();
        if self.is_too_large {
            return None;
        }
        Some(Applied::of(match members.as_slice() {
            // A group of one that ends with a group is that group.
            [only] if only.members.is_some() => only.clone(),
            _ => ResultTuple::group(TaskId::from(own_id), members),
        }))
    }

    fn chord(&mut self, mut chord: Signature, extra: &[Value]) -> Option<Applied> {
        freeze::freeze(&mut chord);
        let extra = options::partial(&mut chord, extra);
        let keywords = options::take_keywords(&mut chord);
        let (mut header, mut body) = options::take_chord(&mut chord)?;
        let group_id = options::text(&header, "task_id").unwrap_or_else(new_id);
        // What follows the chord, or waits for it, follows its body.
        let rest = options::take_signatures(&mut chord, "chain");
        options::prepend_chain(&mut body, rest);
        freeze::join(&mut body, &options::take_options(&mut chord, &freeze::MEMBERSHIP));
        freeze::join_group(&mut body, &group_id);
        for callback in options::take_signatures(&mut chord, "link") {
            compose::link(&mut body, callback);
        }
        for errback in options::take_signatures(&mut chord, "link_error") {
            compose::link_error(&mut body, errback);
        }
        options::inherit(&mut body, &chord.options);

        let extra = options::partial(&mut header, &extra);
        let members = options::flat_members(&mut header);
        if members.is_empty() {
            return self.apply(body, &[json!([])]);
        }
        let members: Vec<Signature> = members.into_iter().map(freeze::one_completion).collect();
        self.chords
            .push(ChordSize { group_id: GroupId::from(group_id.as_str()), size: members.len() as u64 });
        let carried = json!(body);
        let inherited = header.options.values().chain(chord.options.values());
        if !self.has_room(members.len(), [&carried].into_iter().chain(&extra).chain(inherited)) {
            return None;
        }
        let members = members
            .into_iter()
            .enumerate()
            .filter_map(|(index, mut member)| {
                freeze::join(&mut member, &membership(&group_id, index, Some(&carried)));
                options::inherit(&mut member, &header.options);
                options::inherit(&mut member, &chord.options);
                options::give_keywords(&mut member, &keywords);
                Some(self.apply(member, &extra)?.result)
            })
            .collect();
        if self.is_too_large {
            return None;
        }
        let header = ResultTuple::group(TaskId::from(group_id), members);
        let sent = shortened(&header, MAX_STORED_PARENTS);
        Some(Applied { result: result_of(&body, Some(header)), sent })
    }
}

/// The steps of a frozen chain: chains in it are spliced, groups of one unrolled, and a group that is followed by a
/// step becomes a chord with it.
fn steps_of(chain: &mut Signature) -> Vec<Signature> {
    let mut joined: Vec<Signature> = Vec::new();
    splice(options::take_members(chain), &mut joined);
    joined
}

fn splice(steps: Vec<Signature>, joined: &mut Vec<Signature>) {
    for step in steps {
        let step = compose::unrolled(step);
        if Kind::of(&step) == Kind::Chain {
            splice(compose::unchained(step), joined);
            continue;
        }
        match joined.pop_if(|last| Kind::of(last) == Kind::Group) {
            Some(header) => joined.push(options::chord(header, step)),
            None => joined.push(step),
        }
    }
}

/// About how many bytes a value takes.
pub(super) fn weight(value: &Value) -> usize {
    const NODE: usize = 16;
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| NODE + key.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// How many tasks a signature consists of, at most.
fn tasks_of(signature: &Signature) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Object(fields) => {
                usize::from(fields.contains_key("task")) + fields.values().map(of).sum::<usize>()
            }
            Value::Array(values) => values.iter().map(of).sum(),
            _ => 0,
        }
    }
    match Kind::of(signature) {
        Kind::Plain => 1,
        Kind::Group | Kind::Chain | Kind::Chord => signature.kwargs.values().map(of).sum(),
    }
}

/// The options of a group's member, or with a chord's body those of a header's.
fn membership(group_id: &str, index: usize, body: Option<&Value>) -> JsonMap {
    let group = [("group_id".to_owned(), group_id.into()), ("group_index".to_owned(), index.into())];
    group.into_iter().chain(body.map(|body| ("chord".to_owned(), body.clone()))).collect()
}

/// Where the result of a frozen signature will be.
fn result_of(signature: &Signature, parent: Option<ResultTuple>) -> ResultTuple {
    let mut signature = signature.clone();
    let mut result = match Kind::of(&signature) {
        Kind::Plain => ResultTuple::task(TaskId::from(freeze::final_id(&signature).unwrap_or_default())),
        Kind::Group => {
            let id = TaskId::from(freeze::final_id(&signature).unwrap_or_default());
            let members = options::flat_members(&mut signature);
            ResultTuple::group(id, members.iter().map(|member| result_of(member, None)).collect())
        }
        Kind::Chain => {
            let steps = options::take_members(&mut signature);
            return result_of_steps(&steps, parent)
                .unwrap_or_else(|| ResultTuple::group(TaskId::new(), Vec::new()));
        }
        Kind::Chord => {
            let Some((mut header, body)) = options::take_chord(&mut signature) else {
                return ResultTuple::group(TaskId::new(), Vec::new());
            };
            let id = TaskId::from(options::text(&header, "task_id").unwrap_or_default());
            let members = options::flat_members(&mut header);
            let members = members.iter().map(|member| result_of(member, None)).collect();
            let mut header = ResultTuple::group(id, members);
            header.parent = parent.map(Box::new);
            return result_of(&body, Some(header));
        }
    };
    result.parent = parent.map(Box::new);
    result
}

fn result_of_steps(steps: &[Signature], parent: Option<ResultTuple>) -> Option<ResultTuple> {
    let (known, parent) = match steps.len().checked_sub(MAX_PARENTS) {
        Some(unknown) if unknown > 0 => (&steps[unknown..], None),
        _ => (steps, parent),
    };
    known.iter().fold(parent, |parent, step| Some(result_of(step, parent)))
}

/// A new id for a task or a group.
fn new_id() -> String {
    GroupId::new().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::{chain, chord, group};

    fn task(name: &str) -> Signature {
        Signature::new(name)
    }

    fn plan(signature: impl Into<Signature>) -> (Plan, ResultTuple) {
        let mut plan = Plan::default();
        let applied = plan.apply(signature.into(), &[]).unwrap();
        (plan, applied.result)
    }

    fn names(signatures: &[Signature]) -> Vec<&str> {
        signatures.iter().map(|signature| signature.task.as_str()).collect()
    }

    #[test]
    fn a_chain_sends_its_first_task_with_the_rest_reversed() {
        let (plan, _) = plan(chain([task("a"), task("b"), chain([task("c"), task("d")]).into()]));
        assert_eq!(names(&plan.calls), ["a"]);
        let rest = options::take_signatures(&mut plan.calls[0].clone(), "chain");
        assert_eq!(names(&rest), ["d", "c", "b"]);
        assert!(rest.iter().all(|step| options::text(step, "task_id").is_some()));
    }

    #[test]
    fn a_group_in_the_middle_of_a_chain_becomes_a_chord() {
        let pipeline = chain([task("a"), group([task("b"), task("c")]).into(), task("d"), task("e")]);
        let (first, _) = plan(pipeline);
        let mut rest = options::take_signatures(&mut first.calls[0].clone(), "chain");
        assert_eq!(rest.iter().map(Kind::of).collect::<Vec<_>>(), [Kind::Chord]);
        let mut next = rest.pop().unwrap();
        options::prepend_chain(&mut next, rest);
        let mut second = Plan::default();
        second.apply(next, &[json!(1)]).unwrap();
        assert_eq!(names(&second.calls), ["b", "c"]);
        assert_eq!(second.calls[1].args, [json!(1)]);
        assert_eq!(second.chords[0].size, 2);
        let body: Signature = serde_json::from_value(second.calls[0].options["chord"].clone()).unwrap();
        assert_eq!(names(&options::take_members(&mut body.clone())), ["d", "e"]);
    }

    #[test]
    fn the_last_task_of_a_chain_completes_its_place_in_a_header() {
        let (plan, child) = plan(chord(vec![chain([task("a"), task("b")]).into(), task("c")], task("sum")));
        assert_eq!(names(&plan.calls), ["a", "c"]);
        assert_eq!(plan.chords[0].size, 2);
        let first = &plan.calls[0];
        assert!(first.options.get("chord").is_none());
        let rest = options::take_signatures(&mut first.clone(), "chain");
        assert_eq!(rest[0].options["group_index"], 0);
        assert_eq!(rest[0].options["group_id"], json!(plan.chords[0].group_id));
        assert!(rest[0].options.contains_key("chord"));
        assert_eq!(rest[0].options["chord"]["options"]["task_id"], json!(child.id));
    }

    #[test]
    fn keywords_of_a_chord_go_to_the_tasks_of_its_header() {
        let header = [
            task("a").kwarg("z", 1).kwarg("y", 2),
            task("b").immutable(),
            chain([task("c"), task("d")]).into(),
            group([task("e"), chord([task("f")], task("g")).into()]).into(),
        ];
        let (plan, _) = plan(chord(header, task("sum")).kwarg("z", 10));
        assert_eq!(names(&plan.calls), ["a", "b", "c", "e", "f"]);
        let given: Vec<Value> = plan.calls.iter().map(|call| json!(call.kwargs)).collect();
        let z = json!({"z": 10});
        assert_eq!(given, [json!({"z": 10, "y": 2}), json!({}), z.clone(), z.clone(), z]);
        for call in &plan.calls {
            let body = call.options.get("chord");
            assert!(body.is_none_or(|body| body["kwargs"].get("z").is_none()), "the body gets none");
        }
    }

    #[test]
    fn an_empty_header_calls_the_body_at_once() {
        let (plan, _) = plan(chord(Vec::<Signature>::new(), task("sum")));
        assert_eq!(names(&plan.calls), ["sum"]);
        assert_eq!(plan.calls[0].args, [json!([])]);
    }

    #[test]
    fn a_long_chain_is_planned() {
        let steps = (0..20_000).map(|_| task("a"));
        let (plan, result) = plan(chain(steps));
        let rest = options::take_signatures(&mut plan.calls[0].clone(), "chain");
        assert_eq!(rest.len(), 19_999);
        assert!(
            std::iter::successors(Some(&result), |result| result.parent.as_deref()).count() <= MAX_PARENTS
        );
        let long = chain((0..200).map(|_| task("b")));
        let mut second = Plan::default();
        let sent = second.apply(group([long, chain([task("c")])]).into(), &[]).unwrap().sent;
        // What is stored is read again, with JSON's limit of depth.
        let stored = serde_json::to_string(&sent).unwrap();
        assert_eq!(serde_json::from_str::<ResultTuple>(&stored).unwrap(), sent);
    }

    #[test]
    fn what_all_members_carry_is_bounded() {
        let room = 1_000_000;
        let refused = |canvas: Signature, extra: &[Value]| {
            let mut plan = Plan { room, ..Plan::default() };
            let planned = plan.apply(canvas, extra);
            planned.is_none() && matches!(plan.refusal("canvas"), AppError::CanvasSize { .. })
        };
        let members = || group((0..200).map(|_| task("a")));
        let large = || Signature { args: vec!["x".repeat(room / 100).into()], ..task("sum") };
        let with_errback = |mut canvas: Signature| {
            options::set_signatures(&mut canvas, "link_error", vec![large()]);
            canvas
        };
        let inner = (0..15).map(|_| chord((0..15).map(|_| task("a")), task("b")));
        assert!(refused(chord((0..200).map(|_| task("a")), large()).into(), &[]));
        assert!(refused(chord(inner, large()).into(), &[]));
        assert!(refused(with_errback(members().into()), &[]));
        assert!(refused(with_errback(chain([task("a"), members().into()]).into()), &[]));
        assert!(refused(members().into(), &[large().args.remove(0)]));
        assert!(!refused(chord((0..200).map(|_| task("a")), task("sum")).into(), &[1.into()]));
        let chunks = |task: Signature| {
            let items = vec![Value::from(1); 10_000];
            let mut chunks = Signature::new("celery.chunks").kwarg("task", json!(task)).kwarg("it", items);
            chunks.subtask_type = Some(SubtaskType::Chunks);
            chunks.kwarg("n", 1)
        };
        let huge = Signature { args: vec!["x".repeat(20_000).into()], ..task("sum") };
        assert!(refused(chunks(huge.clone()), &[]) && !refused(chunks(task("sum")), &[]));
        assert!(refused(chord([chunks(huge)], task("sum")).into(), &[]));
    }

    #[test]
    fn planning_twice_gives_the_same_ids() {
        let mut signature: Signature =
            chain([task("a"), group([task("b"), task("c")]).into(), task("d")]).into();
        freeze::freeze(&mut signature);
        let (one, two) = (plan(signature.clone()).0, plan(signature).0);
        assert_eq!(one.calls, two.calls);
    }
}

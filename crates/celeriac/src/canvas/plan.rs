//! Applying a signature: any canvas, reduced to the tasks that are to be sent now and the chords that they begin.
//!
//! The rules are those of Celery's `canvas.py`: a chain sends its first task, which carries the rest (reversed);
//! a group sends all; a chord sends its header, each member of which carries the body; a group that is followed
//! by something is a chord. What a signature inherits (the rest of a chain, the chord that it is part of, its
//! parent) is put into its options before it is planned, so that one function serves the client, the callbacks
//! of a task and the body of a chord.

use serde_json::{Value, json};

use super::options::{self, Kind};
use crate::protocol::{GroupId, ResultTuple, Signature, TaskId};

/// What is to be done to apply a signature.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Plain signatures with an id each, in the order in which they are to be sent.
    pub(crate) calls: Vec<Signature>,
    /// Chords whose size must be known before their header runs.
    pub(crate) chords: Vec<ChordSize>,
}

/// How many completions the header of a chord has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChordSize {
    /// The header's group id.
    pub(crate) group_id: GroupId,
    /// The number of completions to wait for.
    pub(crate) size: u64,
}

impl Plan {
    /// Plans `signature` with `extra` before its own arguments, unless it is immutable.
    pub(crate) fn apply(&mut self, signature: Signature, extra: &[Value]) -> Option<ResultTuple> {
        match Kind::of(&signature) {
            Kind::Plain => self.plain(signature, extra),
            Kind::Chain => self.chain(signature, extra),
            Kind::Group => self.group(signature, extra),
            Kind::Chord => self.chord(signature, extra),
        }
    }

    fn plain(&mut self, mut signature: Signature, extra: &[Value]) -> Option<ResultTuple> {
        let id = options::freeze(&mut signature);
        if !signature.immutable && !extra.is_empty() {
            signature.args.splice(0..0, extra.iter().cloned());
        }
        self.calls.push(signature);
        Some(ResultTuple::task(TaskId::from(id)))
    }

    fn chain(&mut self, mut chain: Signature, extra: &[Value]) -> Option<ResultTuple> {
        options::freeze(&mut chain);
        let mut steps = options::take_members(&mut chain, "tasks");
        let errbacks = options::take_signatures(&mut chain, "link_error");
        for step in &mut steps {
            options::append_signatures(step, "link_error", errbacks.clone());
        }
        let end = steps.last().map(end_of)?;
        let is_single = steps.len() == 1;
        let last = steps.last_mut()?;
        for key in ["chord", "group_id", "group_index"] {
            if let Some(value) = chain.options.remove(key) {
                last.options.insert(key.to_owned(), value);
            }
        }
        let callbacks = options::take_signatures(&mut chain, "link");
        options::append_signatures(last, "link", callbacks);

        let mut first = steps.remove(0);
        let mut rest = options::take_signatures(&mut chain, "chain");
        rest.extend(steps.into_iter().rev());
        options::prepend_chain(&mut first, rest);
        options::inherit(&mut first, &chain.options);
        let first = self.apply(first, if chain.immutable { &[] } else { extra })?;
        Some(if is_single { first } else { end.with_parent(first) })
    }

    fn group(&mut self, mut group: Signature, extra: &[Value]) -> Option<ResultTuple> {
        let mut rest = options::take_signatures(&mut group, "chain");
        if let Some(body) = rest.pop() {
            let mut chord = options::chord(group, body);
            options::set_signatures(&mut chord, "chain", rest);
            return self.apply(chord, extra);
        }
        options::freeze(&mut group);
        let id = options::text(&group, "task_id").unwrap_or_else(new_id);
        let mut members = options::flat_members(&mut group);
        let body = group.options.remove("chord");
        if let Some(body) = &body {
            let size = members.iter().map(options::completions).sum();
            self.chords.push(ChordSize { group_id: GroupId::from(id.as_str()), size });
            for member in &mut members {
                member.options.insert("chord".to_owned(), body.clone());
            }
        }
        let callbacks = options::take_signatures(&mut group, "link");
        if let Some(first) = members.first_mut() {
            options::append_signatures(first, "link", callbacks);
        }
        let errbacks = options::take_signatures(&mut group, "link_error");
        let extra = if group.immutable { &[] } else { extra };
        let members = members
            .into_iter()
            .enumerate()
            .filter_map(|(index, mut member)| {
                member.options.insert("group_id".to_owned(), id.clone().into());
                member.options.insert("group_index".to_owned(), index.into());
                options::append_signatures(&mut member, "link_error", errbacks.clone());
                options::inherit(&mut member, &group.options);
                self.apply(member, extra)
            })
            .collect();
        Some(ResultTuple::group(TaskId::from(id), members))
    }

    fn chord(&mut self, mut chord: Signature, extra: &[Value]) -> Option<ResultTuple> {
        options::freeze(&mut chord);
        let (mut header, mut body) = options::take_chord(&mut chord)?;
        // What follows the chord, or waits for it, follows its body.
        let rest = options::take_signatures(&mut chord, "chain");
        options::prepend_chain(&mut body, rest);
        for key in ["chord", "group_id", "group_index"] {
            if let Some(value) = chord.options.remove(key) {
                body.options.insert(key.to_owned(), value);
            }
        }
        for key in ["link", "link_error"] {
            let linked = options::take_signatures(&mut chord, key);
            options::append_signatures(&mut body, key, linked);
        }
        options::inherit(&mut body, &chord.options);
        let body_id = options::final_id(&body).unwrap_or_default();

        let group_id = options::text(&header, "task_id").unwrap_or_else(new_id);
        let members = options::take_members(&mut header, "tasks");
        if members.is_empty() {
            return self.apply(body, &[json!([])]);
        }
        let members: Vec<Signature> = members.into_iter().map(options::one_completion).collect();
        self.chords
            .push(ChordSize { group_id: GroupId::from(group_id.as_str()), size: members.len() as u64 });
        let body = json!(body);
        let extra = if header.immutable || chord.immutable { &[] } else { extra };
        let members = members
            .into_iter()
            .enumerate()
            .filter_map(|(index, mut member)| {
                member.options.insert("group_id".to_owned(), group_id.clone().into());
                member.options.insert("group_index".to_owned(), index.into());
                member.options.insert("chord".to_owned(), body.clone());
                options::inherit(&mut member, &chord.options);
                self.apply(member, extra)
            })
            .collect();
        let header = ResultTuple::group(TaskId::from(group_id), members);
        Some(ResultTuple::task(TaskId::from(body_id)).with_parent(header))
    }
}

/// What the last step of a frozen chain gives: the result of a task, or those of a group.
fn end_of(step: &Signature) -> ResultTuple {
    let id = TaskId::from(options::final_id(step).unwrap_or_default());
    match Kind::of(step) {
        Kind::Group => {
            let members = options::flat_members(&mut step.clone());
            ResultTuple::group(id, members.iter().map(end_of).collect())
        }
        Kind::Plain | Kind::Chain | Kind::Chord => ResultTuple::task(id),
    }
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
        let child = plan.apply(signature.into(), &[]).unwrap();
        (plan, child)
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
        assert_eq!(rest.iter().map(Kind::of).collect::<Vec<_>>(), [Kind::Plain, Kind::Chord]);
        let mut next = rest.pop().unwrap();
        options::prepend_chain(&mut next, rest);
        let mut second = Plan::default();
        second.apply(next, &[json!(1)]).unwrap();
        assert_eq!(names(&second.calls), ["b", "c"]);
        assert_eq!(second.calls[1].args, [json!(1)]);
        assert_eq!(second.chords[0].size, 2);
        let body: Signature = serde_json::from_value(second.calls[0].options["chord"].clone()).unwrap();
        assert_eq!(body.task, "d");
        assert_eq!(names(&options::take_signatures(&mut body.clone(), "chain")), ["e"]);
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
    fn an_empty_header_calls_the_body_at_once() {
        let (plan, _) = plan(chord(Vec::<Signature>::new(), task("sum")));
        assert_eq!(names(&plan.calls), ["sum"]);
        assert_eq!(plan.calls[0].args, [json!([])]);
    }

    #[test]
    fn planning_twice_gives_the_same_ids() {
        let mut signature: Signature =
            chain([task("a"), group([task("b"), task("c")]).into(), task("d")]).into();
        options::freeze(&mut signature);
        let (one, two) = (plan(signature.clone()).0, plan(signature).0);
        assert_eq!(one.calls, two.calls);
    }
}

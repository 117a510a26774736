//! Joining signatures: `|`, `link` and `link_error`, by the rules of Celery's canvas.

use super::options::{self, Kind};
use crate::protocol::Signature;

/// `left | right`: right runs after left, with its result.
pub(crate) fn or(left: Signature, right: Signature) -> Signature {
    match Kind::of(&left) {
        Kind::Group => options::chord(left, right),
        Kind::Chain => chain_or(left, right),
        Kind::Chord => chord_or(left, right),
        Kind::Plain => plain_or(left, right),
    }
}

/// The chain of all steps, joined one after the other.
pub(crate) fn chain_of(steps: impl IntoIterator<Item = Signature>) -> Signature {
    let mut next = steps.into_iter();
    let mut joined = Vec::new();
    while let Some(step) = next.next() {
        if let Some(no_chain) = push(&mut joined, step) {
            return next.fold(no_chain, or);
        }
    }
    options::chain_dict(joined)
}

fn plain_or(left: Signature, right: Signature) -> Signature {
    match Kind::of(&right) {
        Kind::Chain => {
            let mut steps = vec![left];
            steps.extend(unchained(right));
            options::chain_dict(steps)
        }
        _ => options::chain_dict(vec![left, unrolled(right)]),
    }
}

fn chain_or(mut left: Signature, right: Signature) -> Signature {
    let mut steps = options::take_members(&mut left);
    let kind = Kind::of(&right);
    let extends_last = match steps.last().map(Kind::of) {
        Some(Kind::Group) => matches!(kind, Kind::Plain | Kind::Chord),
        Some(Kind::Chord) => kind == Kind::Plain,
        _ => false,
    };
    // The chain stays what it is, with its options, when only its last step changes.
    if extends_last {
        let _ = push(&mut steps, right);
        options::set_members(&mut left, steps);
        return left;
    }
    if kind == Kind::Chain && !left.options.is_empty() {
        options::set_members(&mut left, steps);
        return unchained(right).into_iter().fold(left, or);
    }
    options::set_members(&mut left, steps);
    let mut steps = unchained(left);
    match push(&mut steps, right) {
        Some(no_chain) => no_chain,
        None => options::chain_dict(steps),
    }
}

/// Adds a step to those of a chain. Gives what the chain has become, when it is none any more.
fn push(steps: &mut Vec<Signature>, right: Signature) -> Option<Signature> {
    let right = unrolled(right);
    match Kind::of(&right) {
        Kind::Group if steps.is_empty() => return Some(right),
        Kind::Chain => {
            let mut next = unchained(right).into_iter();
            while let Some(step) = next.next() {
                if let Some(no_chain) = push(steps, step) {
                    return Some(next.fold(no_chain, or));
                }
            }
            return None;
        }
        _ => {}
    }
    let (right_kind, last) = (Kind::of(&right), steps.pop());
    match last {
        Some(group) if Kind::of(&group) == Kind::Group && right_kind != Kind::Group => {
            let joined = options::chord(group, right);
            match steps.pop_if(|before| Kind::of(before) == Kind::Chord) {
                Some(before) => steps.push(onto_body(before, joined)),
                None => steps.push(joined),
            }
        }
        Some(chord) if Kind::of(&chord) == Kind::Chord && right_kind != Kind::Chord => {
            steps.push(onto_body(chord, right));
        }
        last => {
            steps.extend(last);
            steps.push(right);
        }
    }
    None
}

fn chord_or(left: Signature, right: Signature) -> Signature {
    let right = unrolled(right);
    match Kind::of(&right) {
        Kind::Group | Kind::Chain => plain_or(left, right),
        Kind::Plain | Kind::Chord => onto_body(left, right),
    }
}

/// What follows a chord follows its body.
fn onto_body(mut chord: Signature, next: Signature) -> Signature {
    if let Some((header, body)) = options::take_chord(&mut chord) {
        options::set_chord(&mut chord, header, or(body, next));
    }
    chord
}

/// A group of one is that one.
pub(crate) fn unrolled(group: Signature) -> Signature {
    let mut group = options::unrolled_chunks(group);
    if Kind::of(&group) != Kind::Group {
        return group;
    }
    let mut members = options::take_members(&mut group);
    match (members.pop(), members.is_empty()) {
        (Some(single), true) => single,
        (last, _) => {
            members.extend(last);
            options::set_members(&mut group, members);
            group
        }
    }
}

/// The steps of a chain, with what is linked to the chain linked to them.
pub(crate) fn unchained(mut chain: Signature) -> Vec<Signature> {
    let mut steps = options::take_members(&mut chain);
    for callback in options::take_signatures(&mut chain, "link") {
        if let Some(last) = steps.last_mut() {
            link(last, callback);
        }
    }
    for errback in options::take_signatures(&mut chain, "link_error") {
        steps.iter_mut().for_each(|step| link_error(step, errback.clone()));
    }
    steps
}

/// Calls `callback` with the result. Of a group, only the first member calls it, without a result: none of them has
/// the results of all.
pub(crate) fn link(signature: &mut Signature, callback: Signature) {
    match Kind::of(signature) {
        Kind::Plain | Kind::Chain => options::append_signatures(signature, "link", vec![callback]),
        Kind::Group => {
            let mut members = options::take_members(signature);
            if let Some(first) = members.first_mut() {
                link(first, callback.immutable());
            }
            options::set_members(signature, members);
        }
        Kind::Chord => {
            if let Some((header, mut body)) = options::take_chord(signature) {
                link(&mut body, callback);
                options::set_chord(signature, header, body);
            }
        }
    }
}

/// Calls `errback` on failure: of each member of a group; of the body of a chord, and of chords in its header.
pub(crate) fn link_error(signature: &mut Signature, errback: Signature) {
    match Kind::of(signature) {
        Kind::Plain | Kind::Chain => options::append_signatures(signature, "link_error", vec![errback]),
        Kind::Group => {
            let mut members = options::take_members(signature);
            for member in &mut members {
                link_error(member, errback.clone());
            }
            options::set_members(signature, members);
        }
        Kind::Chord => {
            if let Some((mut header, mut body)) = options::take_chord(signature) {
                let mut members = options::take_members(&mut header);
                for member in members.iter_mut().filter(|member| Kind::of(member) == Kind::Chord) {
                    link_error(member, errback.clone());
                }
                options::set_members(&mut header, members);
                link_error(&mut body, errback);
                options::set_chord(signature, header, body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of a signature: `a>b` is a chain, `[a b]` a group, `[a b]%c` a chord.
    fn shape(signature: &Signature) -> String {
        let mut signature = signature.clone();
        let join = |members: Vec<Signature>, between: &str| {
            members.iter().map(shape).collect::<Vec<_>>().join(between)
        };
        match Kind::of(&signature) {
            Kind::Plain => signature.task,
            Kind::Chain => format!("({})", join(options::take_members(&mut signature), ">")),
            Kind::Group => format!("[{}]", join(options::take_members(&mut signature), " ")),
            Kind::Chord => {
                let (header, body) = options::take_chord(&mut signature).unwrap();
                format!("{}%{}", shape(&header), shape(&body))
            }
        }
    }

    fn t(name: &str) -> Signature {
        Signature::new(name)
    }

    fn g(names: &str) -> Signature {
        options::group_of(names.split(' ').map(t).collect())
    }

    fn c(steps: impl IntoIterator<Item = Signature>) -> Signature {
        chain_of(steps)
    }

    #[test]
    fn joining_follows_celerys_rules() {
        let chord = || options::chord(g("a b"), t("c"));
        let cases = [
            (or(t("a"), t("b")), "(a>b)"),
            (or(or(t("a"), t("b")), or(t("c"), t("d"))), "(a>b>c>d)"),
            (or(t("a"), g("b c")), "(a>[b c])"),
            (or(t("a"), g("b")), "(a>b)"),
            (or(g("a b"), t("c")), "[a b]%c"),
            (or(g("a b"), g("c d")), "[a b]%[c d]"),
            (or(or(t("a"), g("b c")), t("d")), "(a>[b c]%d)"),
            (or(or(or(t("a"), g("b c")), t("d")), t("e")), "(a>[b c]%(d>e))"),
            (or(or(or(t("a"), g("b c")), t("d")), g("e f")), "(a>[b c]%(d>[e f]))"),
            (or(chord(), t("d")), "[a b]%(c>d)"),
            (or(chord(), g("d")), "[a b]%(c>d)"),
            (or(chord(), g("d e")), "([a b]%c>[d e])"),
            (or(chord(), chord()), "[a b]%(c>[a b]%c)"),
            (or(or(chord(), g("d e")), t("f")), "[a b]%(c>[d e]%f)"),
            (c([t("a"), chord(), chord()]), "(a>[a b]%c>[a b]%c)"),
            (c([g("a b"), t("c"), g("d e"), t("f")]), "[a b]%(c>[d e]%f)"),
            (c([g("a b")]), "[a b]"),
            (c([t("a")]), "(a)"),
        ];
        for (joined, expected) in cases {
            let shown = shape(&joined);
            // A chain of one chord is that chord, however it is written.
            assert!(shown == expected || shown == format!("({expected})"), "{shown} instead of {expected}");
        }
    }

    #[test]
    fn links_go_where_the_result_is() {
        let mut chord = options::chord(g("a b"), t("c"));
        link(&mut chord, t("done"));
        link_error(&mut chord, t("failed"));
        let (_, body) = options::take_chord(&mut chord).unwrap();
        assert_eq!(options::take_signatures(&mut body.clone(), "link"), [t("done")]);
        assert_eq!(options::take_signatures(&mut body.clone(), "link_error"), [t("failed")]);

        let mut group = g("a b");
        link_error(&mut group, t("failed"));
        let members = options::take_members(&mut group);
        for mut member in members {
            assert_eq!(options::take_signatures(&mut member, "link_error"), [t("failed")]);
        }
        let mut chain = c([t("a"), t("b")]);
        link(&mut chain, t("done"));
        link(&mut chain, t("done"));
        let longer = or(chain, t("c"));
        let mut steps = unchained(longer);
        assert_eq!(options::take_signatures(&mut steps[1], "link"), [t("done")]);
        assert!(options::take_signatures(&mut steps[2], "link").is_empty());
    }
}

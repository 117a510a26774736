//! Mistakes in a signature that Celery lets pass in silence. Only what a program sends by itself is looked at: what came
//! in a message is sent on as Celery's workers do.

use serde_json::Value;

use crate::error::AppError;
use crate::outgoing::NO_PROPERTIES;
use crate::protocol::{JsonMap, Signature};
use crate::{canvas::options, repr};

/// Refuses planned calls with a mistake in them, or in what follows them.
pub(crate) fn refuse(calls: &[Signature]) -> Result<(), AppError> {
    calls.iter().try_for_each(|call| check(&call.task, &call.options, &call.kwargs))
}

fn check(task: &str, own: &JsonMap, kwargs: &JsonMap) -> Result<(), AppError> {
    if task.is_empty() {
        return Err(AppError::Unnamed);
    }
    let wrong = |option: &'static str, value: &Value, expected: &'static str| {
        Err(AppError::SignatureOption { task: task.to_owned(), option, value: repr::python(value), expected })
    };
    for (option, value) in own {
        match option.as_str() {
            "queue" if value.as_str() == Some("") => return wrong("queue", value, "the name of a queue"),
            "priority" if !value.is_null() && value.as_u64().is_none_or(|priority| priority > 9) => {
                return wrong("priority", value, "an integer from 0 to 9");
            }
            "link" | "link_error" | "chain" | "chord" => nested(value)?,
            _ => {}
        }
        if let Some(meant) = meant_by(option)
            && !options::stamp_names(own).contains(option)
        {
            return Err(AppError::UnknownOption { task: task.to_owned(), option: option.clone(), meant });
        }
    }
    // The arguments of a canvas are its members.
    if matches!(task, "celery.chain" | "celery.group" | "celery.chord") {
        ["tasks", "header", "body"].iter().filter_map(|key| kwargs.get(*key)).try_for_each(nested)?;
    }
    Ok(())
}

fn nested(value: &Value) -> Result<(), AppError> {
    let none = JsonMap::new();
    match value {
        Value::Array(list) => list.iter().try_for_each(nested),
        Value::Object(signature) => {
            let fields = |key| signature.get(key).and_then(Value::as_object).unwrap_or(&none);
            match signature.get("task").and_then(Value::as_str) {
                Some(task) => check(task, fields("options"), fields("kwargs")),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The option of a meaning that a name without one is nearly spelt as. Other names become properties of the message.
fn meant_by(option: &str) -> Option<&'static str> {
    if option.len() < 4 || NO_PROPERTIES.binary_search(&option).is_ok() {
        return None;
    }
    let most = if option.len() < 8 { 1 } else { 2 };
    let is_near = |known: &str| known.len().abs_diff(option.len()) <= most && distance(option, known) <= most;
    NO_PROPERTIES.into_iter().find(|known| is_near(known))
}

/// How many letters have to be changed, added or removed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (index, against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *against);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::plan::Plan;
    use crate::canvas::{chain, chord, group};

    fn refusal(signature: impl Into<Signature>) -> Option<String> {
        let mut plan = Plan::default();
        plan.apply(signature.into(), &[]).unwrap();
        refuse(&plan.calls).err().map(|error| error.to_string())
    }

    fn t() -> Signature {
        Signature::new("tasks.add")
    }

    #[test]
    fn what_celery_would_ignore_is_refused() {
        let misspelt = refusal(t().option("contdown", 5)).unwrap();
        assert!(
            misspelt.starts_with("tasks.add has no option contdown: did you mean countdown?"),
            "{misspelt}"
        );
        assert_eq!(
            refusal(t().option("priority", 77)).unwrap(),
            "the option priority of tasks.add is 77: an integer from 0 to 9 expected"
        );
        assert_eq!(
            refusal(t().queue("")).unwrap(),
            "the option queue of tasks.add is '': the name of a queue expected"
        );
        assert!(refusal(Signature::new("")).unwrap().starts_with("a signature names no task"));
    }

    #[test]
    fn mistakes_are_found_wherever_they_are_in_a_canvas() {
        let wrong = || t().option("prioirty", 3);
        let inner = || chord([t()], group([t(), wrong()]));
        let canvases: [Signature; 6] = [
            chain([t(), wrong()]).into(),
            chain([t(), inner().into()]).into(),
            chord([t(), t()], wrong()).into(),
            group([t(), chain([t(), t(), wrong()]).into()]).into(),
            t().link(wrong()),
            t().link_error(wrong()),
        ];
        for canvas in canvases {
            assert!(
                refusal(canvas.clone()).is_some_and(|refusal| refusal.contains("priority?")),
                "{canvas:?}"
            );
        }
    }

    #[test]
    fn properties_of_the_senders_own_are_no_mistakes() {
        for own in
            ["app_id", "user_id", "message_id", "timestamp", "type", "trace_id", "batch_id", "argsrepr"]
        {
            assert_eq!(refusal(t().option(own, "x")), None, "{own}");
        }
        assert_eq!(refusal(t().stamp("header", "x").option("priority", 9)), None);
        assert_eq!(refusal(t().kwarg("tasks", serde_json::json!([{"task": ""}]))), None);
    }
}

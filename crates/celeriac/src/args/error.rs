//! Calls that do not fit, in the words of Python.

use thiserror::Error;

/// A call that does not fit its task. The text is what Python's `TypeError` would say.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgumentError {
    /// More positional arguments than the task has fields.
    #[error("{function}() takes {} but {given} {} given", positional(*taken), if *given == 1 { "was" } else { "were" })]
    TooMany {
        /// Last part of the task's name.
        function: String,
        /// How many fields the task has.
        taken: usize,
        /// How many positional arguments came.
        given: usize,
    },
    /// A keyword that is no field of the task.
    #[error("{function}() got an unexpected keyword argument '{name}'")]
    Unexpected {
        /// Last part of the task's name.
        function: String,
        /// The keyword.
        name: String,
    },
    /// A field given by position and by name.
    #[error("{function}() got multiple values for argument '{name}'")]
    Multiple {
        /// Last part of the task's name.
        function: String,
        /// The field.
        name: String,
    },
    /// Fields without a value.
    #[error("{function}() missing {} required positional argument{}: {}", names.len(), if names.len() == 1 { "" } else { "s" }, enumeration(names))]
    Missing {
        /// Last part of the task's name.
        function: String,
        /// The fields, in their order.
        names: Vec<String>,
    },
    /// A value of the wrong type.
    #[error("{function}() argument {}: {message}", name.as_deref().map(|n| format!("'{n}'")).unwrap_or_else(|| "list".to_owned()))]
    Invalid {
        /// Last part of the task's name.
        function: String,
        /// The field, where it has a name.
        name: Option<String>,
        /// What serde says about the value.
        message: String,
    },
}

fn positional(count: usize) -> String {
    format!("{count} positional argument{}", if count == 1 { "" } else { "s" })
}

fn enumeration(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    }
}

//! Which queue a task goes to by its name (`task_routes`).

use regex::Regex;

use crate::protocol::QueueName;

/// Patterns of names and their queues; the first that fits counts.
#[derive(Debug, Default)]
pub(crate) struct Routes(Vec<(Regex, QueueName)>);

impl Routes {
    /// Compiles the patterns. `*` stands for one character or more, as in Celery.
    pub(crate) fn new<'a>(
        routes: impl IntoIterator<Item = (&'a str, QueueName)>,
    ) -> Result<Self, regex::Error> {
        let compiled = routes.into_iter().map(|(pattern, queue)| {
            let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
            Ok((Regex::new(&format!(r"\A{}\z", parts.join("(?s:.+)")))?, queue))
        });
        Ok(Self(compiled.collect::<Result<_, _>>()?))
    }

    pub(crate) fn queue_of(&self, task: &str) -> Option<&QueueName> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(task)).map(|(_, queue)| queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_pattern_that_fits_the_whole_name_counts() {
        let routes =
            [("mail.urgent", "urgent"), ("mail.*", "mail"), ("*.report", "reports"), ("a+b", "plus")];
        let routes = Routes::new(routes.map(|(pattern, queue)| (pattern, QueueName::from(queue)))).unwrap();
        let queue = |task| routes.queue_of(task).map(QueueName::as_str);
        assert_eq!(queue("mail.urgent"), Some("urgent"));
        assert_eq!(queue("mail.urgently"), Some("mail"));
        assert_eq!(queue("mail.report"), Some("mail"));
        assert_eq!(queue("shop.report"), Some("reports"));
        assert_eq!(queue("shop.reports"), None);
        assert_eq!((queue("mail."), queue("email.send"), queue("aab")), (None, None, None));
        assert_eq!(queue("a+b"), Some("plus"));
    }
}

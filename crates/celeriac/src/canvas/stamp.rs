//! Stamps: headers that all tasks of a canvas carry, for finding and revoking them together.

use serde_json::{Value, json};

use super::options::{self, Kind};
use crate::protocol::Signature;

impl Signature {
    /// Marks the task, or all tasks of the canvas, and what is linked to them. Workers see the stamps in the message's
    /// headers, and `revoke_by_stamped_headers` finds tasks by them. A stamp of the same name is overwritten.
    pub fn stamp(mut self, name: &str, value: impl Into<Value>) -> Self {
        stamp(&mut self, name, &value.into());
        self
    }
}

fn stamp(signature: &mut Signature, name: &str, value: &Value) {
    for key in ["link", "link_error"] {
        let mut linked = options::take_signatures(signature, key);
        linked.iter_mut().for_each(|linked| stamp(linked, name, value));
        options::set_signatures(signature, key, linked);
    }
    match Kind::of(signature) {
        Kind::Plain => {
            let mut names = options::stamp_names(&signature.options);
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
            signature.options.insert("stamped_headers".to_owned(), json!(names));
            signature.options.insert(name.to_owned(), value.clone());
        }
        Kind::Chain | Kind::Group => {
            let mut members = options::take_members(signature);
            members.iter_mut().for_each(|member| stamp(member, name, value));
            options::set_members(signature, members);
        }
        Kind::Chord => {
            if let Some((mut header, mut body)) = options::take_chord(signature) {
                stamp(&mut header, name, value);
                stamp(&mut body, name, value);
                options::set_chord(signature, header, body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::{chain, chord};

    #[test]
    fn all_tasks_of_a_canvas_are_stamped() {
        let t = Signature::new;
        let canvas = chain([t("a").link(t("done")), chord([t("b")], t("c")).into()]).stamp("who", "me");
        let wire = json!(canvas).to_string();
        assert_eq!(wire.matches(r#""stamped_headers":["who"],"who":"me""#).count(), 4, "{wire}");
    }
}

//! `--uid` and `--gid`.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, initgroups, setgid, setuid};

use super::error::WorkerError;

/// Gives up what this process may do for what a user or a group may do. Must happen before threads are started.
pub(super) fn drop_to(uid: Option<&str>, gid: Option<&str>) -> Result<(), WorkerError> {
    let group = gid.map(group).transpose()?;
    let Some(name) = uid else {
        return group.map_or(Ok(()), |(group, name)| set("group", &name, setgid(group)));
    };
    let user = user(name)?;
    if Uid::effective() == user.uid && group.as_ref().is_none_or(|(group, _)| Gid::effective() == *group) {
        return Ok(());
    }
    let group = group.map_or(user.gid, |(group, _)| group);
    set("group", name, setgid(group))?;
    if let Ok(name_of_user) = CString::new(user.name.clone())
        && !user.name.is_empty()
    {
        set("user", name, initgroups(&name_of_user, group))?;
    }
    set("user", name, setuid(user.uid))?;
    // Who can become root again has given up nothing.
    if !user.uid.is_root() && setuid(Uid::from_raw(0)).is_ok() {
        return Err(wrong("user", name, "the process can still become root"));
    }
    Ok(())
}

fn set(what: &'static str, name: &str, done: nix::Result<()>) -> Result<(), WorkerError> {
    done.map_err(|error| wrong(what, name, error.desc()))
}

fn wrong(what: &'static str, name: &str, reason: impl Into<String>) -> WorkerError {
    WorkerError::Identity { what, name: name.to_owned(), reason: reason.into() }
}

fn user(name: &str) -> Result<User, WorkerError> {
    let found = match name.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(name),
    };
    found
        .map_err(|error| wrong("user", name, error.desc()))?
        .ok_or_else(|| wrong("user", name, "there is no such user"))
}

fn group(name: &str) -> Result<(Gid, String), WorkerError> {
    let found = match name.parse() {
        Ok(number) => return Ok((Gid::from_raw(number), name.to_owned())),
        Err(_) => Group::from_name(name),
    };
    let found = found.map_err(|error| wrong("group", name, error.desc()))?;
    found
        .map(|group| (group.gid, name.to_owned()))
        .ok_or_else(|| wrong("group", name, "there is no such group"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_there_is_named() {
        let error = drop_to(Some("nobody-of-this-name"), None).unwrap_err().to_string();
        assert_eq!(error, "cannot run as user nobody-of-this-name: there is no such user");
        assert!(drop_to(None, Some("no-group-of-this-name")).is_err());
        let own = Uid::effective().to_string();
        drop_to(Some(&own), None).unwrap();
    }
}

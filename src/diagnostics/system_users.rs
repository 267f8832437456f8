//! Users and groups of the machine, as its files list them.

use std::fs::read_to_string;

/// Returns a user's number and, if the system knows it, name.
pub(super) fn user(id: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&users, id).map_or_else(|| format!("user {id}"), |name| format!("user {id} ({name})"))
}

/// Returns a user's name in the text of `/etc/passwd`.
fn name_of(users: &str, id: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

/// Returns true if a group has nobody in it but one of these users: with umask 002 and groups of one's own, as Debian has them, all
/// that a user writes may be written by the group.
pub(super) fn is_own_group(group: u32, users: [u32; 2]) -> bool {
    let read = |path: &str| read_to_string(path).unwrap_or_default();
    let (all_groups, all_users) = (read("/etc/group"), read("/etc/passwd"));
    users.into_iter().any(|one| is_group_of(&all_groups, &all_users, group, one))
}

/// Reads the texts of `/etc/group` and `/etc/passwd`. A group that is in no file, as where a directory knows the users, is taken for
/// its user's own if both have the same number.
fn is_group_of(groups: &str, users: &str, group: u32, one: u32) -> bool {
    let is_primary_of_others = users.lines().any(|line| {
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().ok());
        let (user, primary) = (numbers.next().flatten(), numbers.next().flatten());
        primary == Some(group) && user != Some(one)
    });
    let mut listed = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = listed.find(|fields| fields.get(2).and_then(|number| number.parse().ok()) == Some(group));
    let is_own = match (found, name_of(users, one)) {
        (Some(fields), Some(name)) => {
            let members = fields.get(3).copied().unwrap_or_default();
            fields.first() == Some(&name) && members.split(',').all(|member| member.is_empty() || member == name)
        }
        (Some(_), None) => false,
        (None, _) => group == one,
    };
    is_own && !is_primary_of_others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_ones_own_only_while_nobody_else_is_in_it() {
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/:/bin/sh\neve:x:1002:1003::/:/x\n";
        let groups = "root:x:0:\nusers:x:100:bob\nann:x:1000:\nann2:x:1001:ann\nbob:x:1002:bob,ann\neve:x:1003:eve\n";
        for (group, one, is_own) in [
            (1000, 1000, true),
            (1003, 1002, true),
            (0, 0, true),
            // Shared, another's, with members, without a file that lists it.
            (100, 1001, false),
            (1000, 1001, false),
            (1001, 1000, false),
            (1002, 1001, false),
            (4000, 4000, true),
            (4000, 4001, false),
            (1000, 4000, false),
        ] {
            assert_eq!(is_group_of(groups, users, group, one), is_own, "group {group}, user {one}");
        }
        let joined = format!("{users}mallory:x:1004:1000::/:/x\n");
        assert!(!is_group_of(groups, &joined, 1000, 1000), "the primary group of somebody else");
    }

    #[test]
    fn users_have_numbers_and_names() {
        assert_eq!(user(0), "user 0 (root)");
        assert_eq!(user(4_000_000_000), "user 4000000000");
    }
}

//! Names of tools and ids of calls that other vendors do not take: they are too long, or have other characters.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The longest name of a tool that OpenAI takes, in characters. Anthropic takes 128.
const LONGEST_NAME: usize = 64;
/// How many characters of a name that is made are an underscore and a hash.
const HASH: usize = 9;
/// The longest id of a call that OpenAI's chat completions take, in characters.
const LONGEST_ID: usize = 40;

/// What the client calls things whose names are written otherwise for the upstream, and the ids that it knows already.
#[derive(Debug, Default)]
pub struct KnownNames {
    /// The long name behind each short one.
    long: HashMap<String, String>,
    /// The ids of earlier calls.
    ids: HashSet<String>,
}

impl KnownNames {
    /// Returns the name of a tool as every vendor takes it.
    pub fn short<'a>(&mut self, name: Cow<'a, str>) -> Cow<'a, str> {
        match made(&name, LONGEST_NAME) {
            None => name,
            Some(short) => {
                self.long.insert(short.clone(), name.into_owned());
                Cow::Owned(short)
            }
        }
    }

    /// Returns the id of an earlier call as every vendor takes it.
    pub fn id<'a>(&mut self, id: Cow<'a, str>) -> Cow<'a, str> {
        if !self.ids.contains(id.as_ref()) {
            self.ids.insert(id.clone().into_owned());
        }
        made(&id, LONGEST_ID).map_or(id, Cow::Owned)
    }

    /// Returns the name that the client knows.
    pub fn given<'n>(&'n self, name: &'n str) -> &'n str {
        self.long.get(name).map_or(name, String::as_str)
    }

    /// Returns true if an earlier call has this id, so that no other may have it.
    pub fn has_id(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// Returns another name for one that is longer than `most` characters or has others than letters, digits, underscores and dashes:
/// its beginning, and a hash of all of it, so that it is the same each time.
fn made(name: &str, most: usize) -> Option<String> {
    if name.len() <= most && name.chars().all(fits) {
        return None;
    }
    let beginning = name.chars().take(most.saturating_sub(HASH)).map(|c| if fits(c) { c } else { '_' });
    Some(format!("{}_{:08x}", beginning.collect::<String>(), hash(name.as_bytes())))
}

fn fits(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// FNV-1a, folded to 32 bits: short, and the same in every version and on every machine.
fn hash(bytes: &[u8]) -> u32 {
    let full = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let [a, b, c, d, e, f, g, h] = full.to_le_bytes();
    u32::from_le_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_others_refuse_become_other_ones_and_come_back() {
        let mut names = KnownNames::default();
        let long = format!("mcp__server__{}", "tool_".repeat(12));
        let other = format!("{long}2");
        let short = names.short(Cow::Borrowed(long.as_str())).into_owned();
        let short_other = names.short(Cow::Borrowed(other.as_str())).into_owned();
        assert_eq!((short.len(), short_other.len()), (64, 64));
        assert_ne!(short, short_other);
        assert_eq!((names.given(&short), names.given(&short_other)), (long.as_str(), other.as_str()));
        let odd = names.short("mcp.files:read".into()).into_owned();
        assert!(odd.starts_with("mcp_files_read_") && names.given(&odd) == "mcp.files:read", "{odd}");
        assert_eq!((names.short("Bash".into()).as_ref(), names.given("Bash")), ("Bash", "Bash"));
    }

    #[test]
    fn ids_are_known_as_the_client_wrote_them() {
        let mut names = KnownNames::default();
        let long = "x".repeat(41);
        let short = names.id(Cow::Borrowed(long.as_str())).into_owned();
        assert_eq!((short.len(), names.id(Cow::Borrowed(long.as_str())).as_ref()), (40, short.as_str()));
        assert!(names.has_id(&long) && !names.has_id(&short));
        assert_eq!(names.id("toolu_1".into()), "toolu_1");
    }
}

//! Names of tools and ids of calls that are longer than other vendors take.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The longest name of a tool that OpenAI takes, in characters. Anthropic takes 128.
const LONGEST_NAME: usize = 64;
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
        match shortened(&name, LONGEST_NAME) {
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
        shortened(&id, LONGEST_ID).map_or(id, Cow::Owned)
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

/// Returns a name of `most` characters for a longer one, the same each time: its beginning, and a hash of all of it.
fn shortened(name: &str, most: usize) -> Option<String> {
    if name.len() <= most || name.chars().count() <= most {
        return None;
    }
    let beginning: String = name.chars().take(most.saturating_sub(9)).collect();
    Some(format!("{beginning}_{:08x}", hash(name.as_bytes())))
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
    fn long_names_become_short_ones_and_come_back() {
        let mut names = KnownNames::default();
        let long = format!("mcp__server__{}", "tool_".repeat(12));
        let other = format!("{long}2");
        let short = names.short(Cow::Borrowed(long.as_str())).into_owned();
        let short_other = names.short(Cow::Borrowed(other.as_str())).into_owned();
        assert_eq!((short.len(), short_other.len()), (64, 64));
        assert_ne!(short, short_other);
        assert_eq!((names.given(&short), names.given(&short_other)), (long.as_str(), other.as_str()));
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

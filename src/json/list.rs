//! Writes lists.

/// Appends a list. `push` appends one element.
pub fn push_list<T>(out: &mut Vec<u8>, elements: impl IntoIterator<Item = T>, mut push: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, element);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_elements() {
        for (elements, list) in [(&[][..], "[]"), (&["1"], "[1]"), (&["1", "{}", "[]"], "[1,{},[]]")] {
            let mut out = Vec::new();
            push_list(&mut out, elements, |out, element| out.extend_from_slice(element.as_bytes()));
            assert_eq!(String::from_utf8(out).unwrap(), list);
        }
    }
}

//! Prompts that are too long, as vendors tell of them. Clients read the numbers and make the conversation shorter.

/// The code of a prompt that is too long, in every dialect of an upstream.
pub const TOO_LONG: &str = "context_length_exceeded";

/// Returns the tokens of a prompt and the most that its model takes, out of another vendor's message. These are the first two
/// numbers of it, in any order.
pub fn sizes(message: &str) -> Option<(u64, u64)> {
    // Numbers of models are parts of words, and small ones are no sizes.
    let words = message.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';' | ':'));
    let mut numbers = words.filter_map(|word| {
        let word = word.trim_end_matches(['.', ',']);
        word.replace(',', "").parse::<u64>().ok().filter(|number| *number >= 100)
    });
    let (first, second) = (numbers.next()?, numbers.next()?);
    (first != second).then(|| (first.max(second), first.min(second)))
}

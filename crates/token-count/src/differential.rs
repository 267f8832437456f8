//! Differential tests: words and counts are those of the library.

use crate::split::Split;
use crate::tokenizer::Tokenizer;

const TOKENIZERS: [Tokenizer; 2] = [Tokenizer::O200k, Tokenizer::Cl100k];

/// The library's own tokenizer.
fn library(tokenizer: Tokenizer) -> &'static bpe_openai::Tokenizer {
    match tokenizer {
        Tokenizer::O200k => bpe_openai::o200k_base(),
        Tokenizer::Cl100k => bpe_openai::cl100k_base(),
    }
}

/// Asserts that a text is cut into the words of the library.
fn assert_same_words(text: &str) {
    for tokenizer in TOKENIZERS {
        let mut start = 0;
        let ours = Split::new(tokenizer, text).map(|end| &text[std::mem::replace(&mut start, end)..end]);
        assert!(library(tokenizer).split(text).eq(ours), "{tokenizer:?} {text:?}");
    }
}

/// Asserts that words, count and limits of a text are those of the library.
fn assert_same_counts(text: &str) {
    assert_same_words(text);
    for tokenizer in TOKENIZERS {
        let theirs = library(tokenizer).count(text);
        assert_eq!(tokenizer.count(text), theirs as u64, "{tokenizer:?} {text:?}");
        for most in [theirs.saturating_sub(1), theirs, theirs / 2] {
            assert_eq!(tokenizer.exceeds(text, most), theirs > most, "{tokenizer:?} {most} {text:?}");
        }
    }
}

#[test]
fn every_short_text_of_one_character_of_each_kind() {
    const KINDS: [char; 14] = ['A', 'ǅ', 'a', 'ʰ', '語', '\u{301}', '7', ' ', '\u{a0}', '\n', '!', '\'', 's', '/'];
    for length in 0..=4u32 {
        for number in 0..KINDS.len().pow(length) {
            let digit = |place| KINDS[number / KINDS.len().pow(place) % KINDS.len()];
            let text: String = (0..length).map(digit).collect();
            assert_same_words(&text);
            // With more behind it, of which 16 bytes are looked at together.
            assert_same_words(&format!("{text}, and what follows"));
            assert_same_words(&format!("{text}fifteen letters"));
        }
    }
}

#[test]
fn every_contraction_and_what_is_none() {
    let seconds: Vec<char> = ('\0'..='\u{7f}').chain(['ſ', 'K', 'ı', 'İ', 'é', '’']).collect();
    for second in &seconds {
        for third in ['l', 'L', 'e', 'E', 'v', ' ', '\n', '’', 'ſ', '5'] {
            for before in ["", "x", "X", "語", " "] {
                assert_same_words(&format!("{before}'{second}{third}"));
                assert_same_words(&format!("{before}'{second}{third}ly"));
            }
        }
    }
}

#[test]
fn texts_mixed_of_everything_cut_anywhere() {
    const MIXED: &[&str] = &[
        "the",
        "The",
        "THE",
        "tHe",
        "camelCase",
        "HTTPServer",
        "it's",
        "IT'S",
        "we'LL",
        "they'Re",
        "o'clock",
        "'d",
        "''",
        "\'ve",
        "1",
        "22",
        "333",
        "4444",
        "55555",
        "٣٤٥",
        "Ⅷ",
        "½",
        " ",
        "  ",
        "     ",
        "\t",
        "\t\t",
        "\n",
        "\r\n",
        "\n\n",
        " \n ",
        "\r",
        "\u{a0}",
        "\u{2003}",
        "\u{2028}",
        "\u{3000}",
        "\u{85}",
        "\u{b}",
        "\u{c}",
        "\u{200b}",
        "\u{feff}",
        "!",
        "!!",
        "...\n",
        "//\n/",
        "/*",
        "{\"a\": [",
        "]},\r\n",
        "(x)",
        "$%^&*",
        "-",
        "_",
        "__init__",
        "a_b",
        "`",
        "日本語",
        "です。",
        "한국어",
        "中文",
        "，",
        "「",
        "Δ",
        "Δt",
        "ΑΒΓ",
        "αβγ",
        "Привет",
        "МИР",
        "naïve",
        "ŉ",
        "ß",
        "ẞ",
        "ǅ",
        "ʰ",
        "ª",
        "ſ",
        "e\u{301}",
        "\u{301}",
        "A\u{308}B",
        "\u{64b}",
        "العربية",
        "עברית",
        "हिन्दी",
        "ไทย",
        "😀",
        "👨\u{200d}👩",
        "🇺🇸",
        "❤\u{fe0f}",
        "\u{e000}",
        "\u{10ffff}",
        "<|endoftext|>",
        "\0",
        "\u{7f}",
        "=====================",
        "aGVsbG8gd29ybGQ",
        "antidisestablishmentarianism",
        "xqzjxqzjxqzjxqzjxqzj",
    ];
    let mut random = fastrand::Rng::with_seed(6);
    for _ in 0..6_000 {
        let text: String = (0..random.usize(1..24)).map(|_| MIXED[random.usize(..MIXED.len())]).collect();
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (one, other) = (cuts[random.usize(..cuts.len())], cuts[random.usize(..cuts.len())]);
        assert_same_counts(&text[one.min(other)..one.max(other)]);
    }
}

#[test]
fn texts_of_any_characters() {
    let mut random = fastrand::Rng::with_seed(7);
    for most in ['\u{7f}', '\u{ff}', '\u{7ff}', '\u{ffff}', char::MAX] {
        for _ in 0..600 {
            assert_same_counts(&(0..random.usize(1..40)).map(|_| random.char('\0'..=most)).collect::<String>());
        }
    }
}

#[test]
fn code_prose_and_json() {
    let corpus = [
        include_str!("../../../README.md"),
        include_str!("../../../ARCHITECTURE.md"),
        include_str!("../../../routes.yaml"),
        include_str!("../../../Cargo.lock"),
        include_str!("../../../run_app.sh"),
        include_str!("split.rs"),
        include_str!("differential.rs"),
    ];
    for text in corpus {
        assert_same_counts(text);
        assert_same_counts(&text.to_uppercase());
        assert_same_counts(&text.replace('\n', "\r\n"));
        assert_same_counts(&serde_json::to_string(text).unwrap());
    }
}

#[test]
fn more_words_than_a_thread_keeps() {
    let mut random = fastrand::Rng::with_seed(8);
    let mut text = String::new();
    for _ in 0..60_000 {
        text.push(' ');
        text.extend((0..random.usize(1..18)).map(|_| random.lowercase()));
    }
    for tokenizer in TOKENIZERS {
        let theirs = library(tokenizer).count(&text) as u64;
        assert_eq!((tokenizer.count(&text), tokenizer.count(&text)), (theirs, theirs));
    }
}

#[test]
fn words_that_no_pattern_cuts() {
    const PIECES: &[&str] =
        &["a", "b", "ab", "ing", "tion", "XQ", "zj", "q", "é", "語", "e\u{301}", "Δ", "s", "ss", "er"];
    let mut random = fastrand::Rng::with_seed(9);
    for length in 0..600 {
        let few = random.usize(1..PIECES.len());
        let word: String = (0..length).map(|_| PIECES[random.usize(..=few) % PIECES.len()]).collect();
        assert_same_counts(&word);
        assert_same_counts(&word.to_uppercase());
        assert_same_counts(&(0..length).map(|_| random.alphabetic()).collect::<String>());
    }
    for unit in ["=", "ab", "aaaaab", " ", "xqzj", "語", "\n", "tha", "-=", "é"] {
        for times in [1, 2, 3, 127, 128, 129, 1_000] {
            assert_same_counts(&unit.repeat(times));
        }
    }
}

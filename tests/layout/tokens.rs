//! The tokens of a file in one row, those within macros and delimiters too. Left out are attributes, with them documentation, and
//! what is for tests only.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree, token_stream};
use std::iter::Peekable;
use syn::Lit;

/// A token, and the line that it begins on.
#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    /// As written; of a string what it says.
    pub text: String,
    pub line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name.
    Word,
    /// A character of punctuation, a delimiter, or one of `::`, `=>` and `->`.
    Mark,
    /// A string or a byte string.
    Text,
    /// Any other literal.
    Literal,
}

impl Token {
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    pub fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// The tokens of a file's text.
pub fn flatten(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    add(text.parse().expect("the file has been parsed before"), &mut tokens);
    tokens
}

fn add(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let mut push = |kind, text: String| tokens.push(Token { kind, text, line });
        match tree {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                if skip_attribute(&mut trees) {
                    skip_item(&mut trees);
                }
            }
            TokenTree::Punct(mark) => {
                let pair = match (mark.as_char(), mark.spacing(), trees.peek()) {
                    (first, Spacing::Joint, Some(TokenTree::Punct(second))) => format!("{first}{}", second.as_char()),
                    _ => String::new(),
                };
                if ["::", "=>", "->"].contains(&pair.as_str()) {
                    trees.next();
                    push(Kind::Mark, pair);
                } else {
                    push(Kind::Mark, mark.as_char().to_string());
                }
            }
            TokenTree::Ident(word) => push(Kind::Word, word.to_string()),
            TokenTree::Literal(literal) => match Lit::new(literal.clone()) {
                Lit::Str(text) => push(Kind::Text, text.value()),
                Lit::ByteStr(text) => push(Kind::Text, String::from_utf8_lossy(&text.value()).into_owned()),
                _ => push(Kind::Literal, literal.to_string()),
            },
            TokenTree::Group(group) => add_group(&group, tokens),
        }
    }
}

fn add_group(group: &Group, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    };
    let mark = |text: &str, line| Token { kind: Kind::Mark, text: text.to_owned(), line };
    tokens.push(mark(open, group.span_open().start().line));
    add(group.stream(), tokens);
    tokens.push(mark(close, group.span_close().start().line));
}

type Trees = Peekable<token_stream::IntoIter>;

/// Skips an attribute from behind its `#`. Returns true if what it stands at is for tests only.
fn skip_attribute(trees: &mut Trees) -> bool {
    trees.next_if(|tree| is_mark(tree, '!'));
    let group =
        trees.next_if(|tree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket));
    group.is_some_and(
        |group| matches!(group, TokenTree::Group(group) if group.stream().to_string().replace(' ', "") == "cfg(test)"),
    )
}

/// Skips an item: to its semicolon, or to the end of its block.
fn skip_item(trees: &mut Trees) {
    for tree in trees {
        let is_block = matches!(&tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if is_block || is_mark(&tree, ';') {
            return;
        }
    }
}

fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

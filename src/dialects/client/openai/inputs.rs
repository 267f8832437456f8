//! The `input` of embeddings and the `prompt` of completions: one or many texts or lists of token ids, and their
//! limits.

use crate::dialects::client::values::wrong_type;
use crate::json::{self, fields};
use crate::models::Rules;
use crate::wire::Failure;
use serde_json::value::{RawValue, to_raw_value};

/// The maximum number of inputs of a request, as OpenAI documents it.
const MOST: usize = 2048;

/// The inputs of a request.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The field that holds the inputs.
    field: &'static str,
    /// True if the field is one input and not a list, for messages.
    single: bool,
    given: Given<'a>,
}

#[derive(Debug)]
enum Given<'a> {
    /// JSON strings.
    Texts(Vec<&'a RawValue>),
    /// Lists of token ids, none of them empty.
    Tokens(Vec<Vec<u32>>),
}

impl<'a> Inputs<'a> {
    /// Reads the field.
    ///
    /// # Errors
    /// 400 naming what is missing, empty, too long, or of the wrong kind.
    pub fn read(field: &'static str, given: Option<&'a RawValue>) -> Result<Self, Failure> {
        let Some(given) = given else {
            let message = format!("'{field}' is missing; a text, token ids, or a list of either is expected.");
            return Err(Failure::bad_field(field, message));
        };
        if given.get().starts_with('"') {
            return Ok(Inputs { field, single: true, given: Given::Texts(vec![given]) });
        }
        let list = fields::list_of(given).map_err(|_| wrong_type(field, "a text, token ids, or a list", given))?;
        let Some(first) = list.first() else { return Err(empty(field, "list")) };
        let kind = first.get().as_bytes().first();
        // A list of numbers is one input, so its length is not a number of inputs.
        if list.len() > MOST && matches!(kind, Some(b'"' | b'[')) {
            let message = format!("'{field}' holds {} inputs; a request takes {MOST}.", list.len());
            return Err(Failure::bad_field(field, message));
        }
        match kind {
            Some(b'"') => {
                all(field, &list, |one| one.get().starts_with('"'), "a string, as the first one is")?;
                Ok(Inputs { field, single: false, given: Given::Texts(list) })
            }
            Some(b'[') => {
                all(field, &list, |one| one.get().starts_with('['), "a list of token ids, as the first one is")?;
                let ids = list.iter().enumerate().map(|(index, one)| ids(one, &format!("{field}[{index}]")));
                let given = Given::Tokens(ids.collect::<Result<_, _>>()?);
                Ok(Inputs { field, single: false, given })
            }
            Some(b'0'..=b'9' | b'-') => {
                Ok(Inputs { field, single: true, given: Given::Tokens(vec![ids(given, field)?]) })
            }
            _ => Err(wrong_type(&format!("{field}[0]"), "a string or token ids", first)),
        }
    }

    /// Returns inputs that were read elsewhere: JSON strings.
    pub fn of_texts(field: &'static str, texts: Vec<&'a RawValue>) -> Self {
        Inputs { field, single: texts.len() == 1, given: Given::Texts(texts) }
    }

    /// Returns the texts of all inputs as JSON strings. Texts decoded from token ids are kept in `decoded`.
    ///
    /// # Errors
    /// 400 naming an input that is longer than the rules allow, or ids that do not decode to a text.
    pub fn texts<'t>(
        &'t self,
        rules: &Rules,
        decoded: &'t mut Vec<Box<RawValue>>,
    ) -> Result<Vec<&'t RawValue>, Failure> {
        let ids = match &self.given {
            Given::Texts(texts) => return self.check_lengths(texts, rules).map(|()| texts.clone()),
            Given::Tokens(ids) => ids,
        };
        for (index, ids) in ids.iter().enumerate() {
            if let Some(most) = rules.max_input_tokens.filter(|most| ids.len() > *most) {
                return Err(too_long(&self.place(index), most));
            }
            decoded.push(self.decode(index, ids, rules)?);
        }
        Ok(decoded.iter().map(AsRef::as_ref).collect())
    }

    /// Returns how many token ids were given; `None` for texts.
    pub fn tokens(&self) -> Option<u64> {
        match &self.given {
            Given::Texts(_) => None,
            Given::Tokens(ids) => Some(ids.iter().map(|ids| ids.len() as u64).sum()),
        }
    }

    /// Refuses a text that is too long. A text with at most as many bytes as allowed tokens need not be counted.
    fn check_lengths(&self, texts: &[&RawValue], rules: &Rules) -> Result<(), Failure> {
        let (Some(most), Some(tokenizer)) = (rules.max_input_tokens, rules.tokenizer) else { return Ok(()) };
        let mut long = texts.iter().enumerate().filter(|(_, text)| text.get().len() > most);
        match long.find(|(_, text)| json::text_of(text).is_some_and(|text| tokenizer.exceeds(&text, most))) {
            Some((index, _)) => Err(too_long(&self.place(index), most)),
            None => Ok(()),
        }
    }

    fn decode(&self, index: usize, ids: &[u32], rules: &Rules) -> Result<Box<RawValue>, Failure> {
        let place = self.place(index);
        let refused = |why: String| {
            let remedy = match self.field {
                "input" => "send texts (LangChain: check_embedding_ctx_length=False)",
                _ => "send texts",
            };
            Failure::bad_field(&*place, format!("'{place}' {why}; {remedy}."))
        };
        let Some(tokenizer) = rules.tokenizer else {
            let why = "holds token ids, but the model's tokenizer is not known";
            return Err(refused(why.to_owned()).with_code("unsupported_parameter"));
        };
        if let Some(text) = tokenizer.decode(ids).and_then(|text| to_raw_value(&text).ok()) {
            return Ok(text);
        }
        Err(refused(match ids.iter().find(|id| !tokenizer.knows(**id)) {
            Some(id) => format!("holds {id}, which is no token id of {}", tokenizer.name()),
            None => "holds token ids that make no text: a character is cut".to_owned(),
        }))
    }

    /// Returns the inputs if none of the texts is empty.
    ///
    /// # Errors
    /// 400 naming the first empty text.
    pub fn filled(self) -> Result<Self, Failure> {
        let Given::Texts(texts) = &self.given else { return Ok(self) };
        match texts.iter().position(|text| text.get() == "\"\"") {
            Some(index) => Err(empty(&self.place(index), "string")),
            None => Ok(self),
        }
    }

    fn place(&self, index: usize) -> String {
        if self.single { self.field.to_owned() } else { format!("{}[{index}]", self.field) }
    }
}

fn all(field: &str, list: &[&RawValue], fits: impl Fn(&RawValue) -> bool, wanted: &str) -> Result<(), Failure> {
    match list.iter().enumerate().find(|(_, one)| !fits(one)) {
        Some((index, one)) => Err(wrong_type(&format!("{field}[{index}]"), wanted, one)),
        None => Ok(()),
    }
}

fn ids(list: &RawValue, place: &str) -> Result<Vec<u32>, Failure> {
    match serde_json::from_str::<Vec<u32>>(list.get()) {
        Ok(ids) if ids.is_empty() => return Err(empty(place, "list")),
        Ok(ids) => return Ok(ids),
        Err(_) => {}
    }
    let found = fields::list_of(list).unwrap_or_default();
    let wrong = found.iter().enumerate().find(|(_, one)| one.get().parse::<u32>().is_err());
    let (index, one) = wrong.map_or((0, list), |(index, one)| (index, *one));
    Err(wrong_type(&format!("{place}[{index}]"), "a token id, a whole number", one))
}

fn empty(place: &str, what: &str) -> Failure {
    Failure::bad_field(place, format!("'{place}' is an empty {what}."))
}

/// Returns the failure of an input that is too long. Other programs recognize OpenAI's first words and then shorten the
/// text.
fn too_long(place: &str, most: usize) -> Failure {
    let message = format!("This model's maximum context length is {most} tokens; '{place}' has more.");
    Failure::bad_field(place, message).with_code("context_length_exceeded")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Tokenizer;

    fn rules(most: usize) -> Rules {
        Rules { tokenizer: Some(Tokenizer::Cl100k), max_input_tokens: Some(most), ..Rules::default() }
    }

    fn texts(input: &str, rules: &Rules) -> Result<(Vec<String>, Option<u64>), Failure> {
        let raw: &RawValue = serde_json::from_str(input).unwrap();
        let inputs = Inputs::read("input", Some(raw))?.filled()?;
        let mut decoded = Vec::new();
        let texts = inputs.texts(rules, &mut decoded)?.iter().map(|text| text.get().to_owned()).collect();
        Ok((texts, inputs.tokens()))
    }

    #[test]
    fn texts_stay_as_they_came() {
        let given = texts(r#"["a", "b\n\ud800"]"#, &rules(8)).unwrap();
        assert_eq!(given, (vec!["\"a\"".into(), r#""b\n\ud800""#.into()], None));
        assert_eq!(texts(" \"a\" ", &Rules::default()).unwrap().0, ["\"a\""]);
    }

    #[test]
    fn token_ids_become_the_text_that_they_were() {
        let great = "[83, 1609, 5963, 374, 2294, 0]";
        let said = "\"tiktoken is great!\"".to_owned();
        assert_eq!(texts(great, &rules(6)).unwrap(), (vec![said.clone()], Some(6)));
        let both = texts(&format!("[[198],{great}]"), &rules(6)).unwrap();
        assert_eq!(both, (vec!["\"\\n\"".into(), said], Some(7)));
    }

    #[test]
    fn what_is_no_input_is_told_by_its_place() {
        for (input, param, said) in [
            ("5", "input", "a number"),
            ("{}", "input", "an object"),
            ("null", "input", "null"),
            ("[]", "input", "an empty list"),
            ("[[]]", "input[0]", "an empty list"),
            ("\"\"", "input", "an empty string"),
            ("[\"a\",\"\"]", "input[1]", "an empty string"),
            ("[\"a\",[1]]", "input[1]", "must be a string"),
            ("[[1],\"a\"]", "input[1]", "must be a list of token ids"),
            ("[[1],[2,\"3\"]]", "input[1][1]", "a string: \"3\""),
            ("[1,2.5]", "input[1]", "a whole number"),
            ("[-1]", "input[0]", "a number: -1"),
            ("[4294967296]", "input[0]", "4294967296"),
            ("[null]", "input[0]", "null"),
            ("[1,100256]", "input", "100256, which is no token id of cl100k"),
            ("[[1],[100257]]", "input[1]", "100257, which is no token id of cl100k"),
            ("[[1],[159]]", "input[1]", "a character is cut"),
            ("[[1],[1,1,1,1,1]]", "input[1]", "maximum context length is 4 tokens"),
            ("\"one two three four five\"", "input", "maximum context length is 4 tokens; 'input' has more"),
            ("[\"a\",\"\\u006fne two three four five\"]", "input[1]", "'input[1]' has more"),
        ] {
            let failure = texts(input, &rules(4)).unwrap_err();
            assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(param)), "{input}");
            assert!(failure.message.contains(said), "{input}: {}", failure.message);
        }
        assert_eq!(Inputs::read("input", None).unwrap_err().param.as_deref(), Some("input"));
        texts("\"one two three four\"", &rules(4)).unwrap();
    }

    #[test]
    fn without_a_tokenizer_ids_are_refused_and_texts_are_not_measured() {
        let unknown = Rules { tokenizer: None, ..rules(1) };
        assert!(texts("\"one two three\"", &unknown).is_ok());
        let refused = texts("[1]", &unknown).unwrap_err();
        assert_eq!((refused.param.as_deref(), refused.code.as_deref()), (Some("input"), Some("unsupported_parameter")));
    }

    #[test]
    fn a_request_takes_2048_inputs() {
        for one in ["\"a\"", "[1]"] {
            let list = |count: usize| format!("[{}]", vec![one; count].join(","));
            assert_eq!(texts(&list(2048), &rules(4)).unwrap().0.len(), 2048);
            assert!(texts(&list(2049), &rules(4)).unwrap_err().message.contains("2049 inputs"));
        }
        let ids = format!("[{}]", vec!["1"; 3000].join(","));
        assert_eq!(texts(&ids, &rules(3000)).unwrap().1, Some(3000));
    }
}

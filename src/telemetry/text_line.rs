//! Access log for people: the record of a request as one line. No value can break the line or look like another field.

use super::process_log;
use super::record::{Record, cut};
use std::fmt::{self, Display, Write};

/// The largest number of characters of a path or a name in a line.
const LONGEST: usize = 200;

/// Returns the line, without time and level. On a terminal a request that went well has a short one.
pub fn line(record: &Record<'_>) -> String {
    let went_well = record.ended.is_none() && record.status.is_some_and(|status| status < 300);
    let mut out = String::with_capacity(320);
    // A String takes whatever is written to it.
    let _ = if went_well && process_log::is_on_terminal() {
        write_short(&mut out, record)
    } else {
        write(&mut out, record)
    };
    out
}

/// Writes what somebody wants to know who watches: status, time, model, tokens, caller, id.
fn write_short(out: &mut String, record: &Record<'_>) -> fmt::Result {
    write_begin(out, record)?;
    word(out, "model", record.model_id)?;
    field(out, "tokens_in", record.input_tokens)?;
    field(out, "tokens_out", record.output_tokens)?;
    word(out, "caller", record.caller)?;
    write!(out, " id={}", Word(record.id))
}

/// Writes method, path, status and time.
fn write_begin(out: &mut String, record: &Record<'_>) -> fmt::Result {
    write!(out, "{} {} ", record.method, cut(&record.shown_path(), LONGEST).escape_debug())?;
    match record.status {
        Some(status) => write!(out, "{status}")?,
        None => out.write_char('-')?,
    }
    write!(out, " {}ms", record.total.as_millis())
}

fn write(out: &mut String, record: &Record<'_>) -> fmt::Result {
    write_begin(out, record)?;
    word(out, "route", record.route.filter(|route| *route != record.path))?;
    word(out, "model", record.model_id)?;
    word(out, "name", record.model)?;
    word(out, "asked", record.other_name())?;
    if record.stream {
        out.push_str(" stream");
    }
    if let Some(upstream) = &record.upstream {
        field(out, "upstream", upstream.status)?;
        match upstream.address {
            Some(address) => write!(out, " at={address}")?,
            None => word(out, "at", Some(upstream.host))?,
        }
    }
    for (name, time) in [("first_byte", record.first_byte), ("first_text", record.first_text)] {
        if let Some(time) = time {
            write!(out, " {name}={}ms", time.as_millis())?;
        }
    }
    write!(out, " own={}us in={} out={}", record.own.as_micros(), record.bytes_in, record.bytes_out)?;
    field(out, "tokens_in", record.input_tokens)?;
    field(out, "tokens_out", record.output_tokens)?;
    field(out, "calls", Some(record.calls).filter(|calls| *calls > 1))?;
    field(out, "retries", Some(record.retries).filter(|retries| *retries > 0))?;
    if let Some(ended) = &record.ended {
        write!(out, " ended_by={} error={}", ended.by.name(), Word(&ended.kind))?;
        field(out, "limit", record.limit)?;
        if let Some(why) = &ended.why {
            write!(out, " why={why:?}")?;
        }
    }
    word(out, "caller", record.caller)?;
    write!(out, " id={}", Word(record.id))
}

fn field(out: &mut String, name: &str, value: Option<impl Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(out, " {name}={value}"))
}

fn word(out: &mut String, name: &str, value: Option<&str>) -> fmt::Result {
    field(out, name, value.map(|value| Word(cut(value, LONGEST))))
}

/// Displays a value as it is if it is one word, or else in quotes with escapes.
struct Word<'a>(&'a str);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_word = !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if is_word { f.write_str(self.0) } else { write!(f, "{:?}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        assert_eq!(
            line(&full()),
            "POST /v1/\\u{2028}\\u{85}x 504 7ms route=/v1/{x} model=gpt4o name=argo:gpt-4o asked=\"evil\\\" model\\n\" \
             stream upstream=200 at=127.0.0.1:8080 first_byte=5ms first_text=6ms own=250us in=10 out=20 tokens_in=3 \
             tokens_out=4 calls=2 retries=1 ended_by=upstream error=timeout limit=tokens why=\"it said\\n\\\"no\\\"\" \
             caller=\"bob\\nINFO forged\" id=req_1"
        );
        let mut short = String::new();
        write_short(&mut short, &full()).unwrap();
        assert_eq!(
            short,
            "POST /v1/\\u{2028}\\u{85}x 504 7ms model=gpt4o tokens_in=3 tokens_out=4 caller=\"bob\\nINFO forged\" id=req_1"
        );
        let long = "a".repeat(10_000);
        assert!(line(&Record { path: &long, asked: Some(&long), ..full() }).len() < 1000);
    }
}

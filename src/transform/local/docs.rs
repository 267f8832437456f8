//! `reply: docs`: a short page for people: endpoints, models, and how to configure a client.

use super::{Audience, Catalog, ReplyEntry};
use crate::access::Caller;
use crate::models::{Model, Models};
use crate::plan::{Address, Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::fmt::Write;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: ReplyEntry = ReplyEntry {
    name: "docs",
    about: "This page",
    audience: Audience::Newcomers,
    build: |catalog| Arc::new(Docs(catalog.clone())),
};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}\
pre{background:#f4f4f4;padding:.75rem;overflow-x:auto}main{overflow-x:auto}code{font-family:ui-monospace,monospace;font-size:.95em}";

/// The page.
pub(super) struct Docs(pub(super) Arc<Catalog>);

impl Transformer for Docs {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        if let Some(page) = self.0.page_for(request, cx) {
            return Ok(Plan::Answer(Answer::see_other(&page.home)));
        }
        let mut page = String::with_capacity(16 * 1024);
        // Writing to a String cannot fail.
        let _ = self.page(&mut page, cx.address, cx.caller);
        Ok(Plan::Answer(Answer::new(StatusCode::OK, "text/html; charset=utf-8", page)))
    }
}

impl Docs {
    fn page(&self, out: &mut String, address: Address<'_>, caller: &Caller) -> std::fmt::Result {
        let name = env!("CARGO_PKG_NAME");
        write!(
            out,
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\"><title>{name}</title><style>{STYLE}</style>"
        )?;
        let upstreams = escape(&self.0.upstreams);
        write!(out, "<h1>{name} {}</h1><p>OpenAI's API over {upstreams}.</p>", env!("CARGO_PKG_VERSION"))?;
        if let Some(greeting) = caller.greeting {
            write!(
                out,
                "<p><strong>You need a key to use it.</strong> {greeting} Clients send it as their API key.</p>"
            )?;
        }
        self.first_steps(out, &escape(&address.to_string()), caller)?;
        out.push_str("<h2>Endpoints</h2><table><tr><th>Method<th>Path<th>What it does</tr>");
        for row in &self.0.routes {
            let methods: Vec<&str> = row.methods.iter().map(http::Method::as_str).collect();
            let (path, about) = (escape(&row.path.replace("*}", "}")), escape(&row.about));
            write!(out, "<tr><td>{}<td><code>{path}</code><td>{about}</tr>", methods.join(", "))?;
        }
        out.push_str("</table>");
        for group in &self.0.groups {
            self.models(out, group, caller)?;
        }
        out.push_str("</html>\n");
        Ok(())
    }

    /// Writes the models of a group that the caller may use; deprecated ones and those that are gone upstream come last.
    fn models(&self, out: &mut String, group: &Arc<Models>, caller: &Caller) -> std::fmt::Result {
        let of_group = self.0.models(&caller.permissions).filter(|(of, _)| std::ptr::eq(*of, group.as_ref()));
        let mut models: Vec<&Model> = of_group.map(|(_, model)| model).collect();
        if models.is_empty() {
            return Ok(());
        }
        models.sort_by_key(|model| model.deprecated || model.gone);
        let is_embedding = models.iter().any(|model| model.rules.dimensions.is_some());
        let title = if is_embedding { "Embedding models" } else { "Models" };
        write!(out, "<h2>{title}</h2><table><tr><th>Name<th>Id upstream<th>Context, in tokens</tr>")?;
        for model in models {
            let default = group.default().is_some_and(|default| default.name == model.name);
            let mark = match (default, model.deprecated, model.gone) {
                (true, ..) => " (default)",
                (false, true, _) => " (deprecated)",
                (false, false, true) => " (no longer listed upstream)",
                (false, false, false) => "",
            };
            let (name, id) = (escape(&model.name), escape(&model.id));
            let context = model.rules.facts.context_length.map(|tokens| tokens.to_string()).unwrap_or_default();
            write!(out, "<tr><td><code>{name}</code>{mark}<td><code>{id}</code><td>{context}</tr>")?;
        }
        out.push_str("</table>");
        Ok(())
    }

    fn first_steps(&self, out: &mut String, address: &str, caller: &Caller) -> std::fmt::Result {
        let Some(base) = &self.0.base_path else { return Ok(()) };
        let key = if caller.name.is_some() || caller.greeting.is_some() { "your-key" } else { "unused" };
        let url = format!("{address}{}", escape(base));
        write!(
            out,
            "<h2>Point a client here</h2><pre>export OPENAI_BASE_URL={url}\nexport OPENAI_API_KEY={key}</pre>"
        )?;
        let default =
            |group: &Arc<Models>| group.default().filter(|model| caller.permissions.use_model(model)).cloned();
        let model = self.0.groups.iter().find_map(default).map(|model| escape(&model.name));
        if let Some(model) = model {
            write!(
                out,
                "<pre>from openai import OpenAI\nclient = OpenAI(base_url=\"{url}\", api_key=\"{key}\")\nanswer = client.chat.completions.create(\n    model=\"{model}\", messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}])\nprint(answer.choices[0].message.content)</pre>"
            )?;
            write!(
                out,
                "<pre>from langchain_openai import ChatOpenAI\nchat = ChatOpenAI(base_url=\"{url}\", api_key=\"{key}\", model=\"{model}\")\nprint(chat.invoke(\"Hello\").content)</pre><p>The README of {} shows curl, Node, aider and Continue, too.</p>",
                env!("CARGO_PKG_NAME")
            )?;
        }
        Ok(())
    }
}

/// Returns the text escaped for HTML.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_host_stays_text() {
        let docs = Docs(Arc::new(Catalog { base_path: Some("/x".into()), ..Catalog::default() }));
        let mut page = String::new();
        docs.page(&mut page, Address { scheme: "http", host: "a\"><script>" }, &Caller::nameless("u")).unwrap();
        assert!(page.contains("http://a&quot;&gt;&lt;script&gt;/x"));
    }
}

//! `/openapi.json`, and the same as a page at `/docs` that needs no script and no other host.

use std::fmt::Write as _;

use axum::response::Html;
use serde_json::Value;

/// Renders an OpenAPI document as one page of HTML.
pub fn page(api: &Value) -> Html<String> {
    let mut out = String::from(HEAD);
    let _ = write!(
        out,
        "<h1>{} <small>{}</small></h1><p>{}</p><p>Machine-readable: <a href=\"/openapi.json\">/openapi.json</a>. \
         Errors are problem documents (RFC 9457).</p>",
        text(&api["info"]["title"]),
        text(&api["info"]["version"]),
        text(&api["info"]["description"]),
    );
    for (path, item) in entries(&api["paths"]) {
        for (method, operation) in entries(item) {
            render_operation(&mut out, path, method, operation);
        }
    }
    out.push_str("<h2>Shapes</h2>");
    for (name, schema) in entries(&api["components"]["schemas"]) {
        let _ = write!(
            out,
            "<section id=\"{0}\"><h3>{0}</h3><p>{1}</p>",
            escape(name),
            text(&schema["description"])
        );
        render_fields(&mut out, schema);
        out.push_str("</section>");
    }
    out.push_str("</main></body></html>");
    Html(out)
}

fn render_operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        out,
        "<section><h3><code><b>{}</b> {}</code></h3><p>{}</p>",
        escape(&method.to_uppercase()),
        escape(path),
        text(first(&operation["summary"], &operation["description"])),
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        out.push_str("<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>");
        for parameter in parameters {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                text(&parameter["description"])
            );
        }
        out.push_str("</table>");
    }
    for (_, body) in entries(&operation["requestBody"]["content"]) {
        let _ = write!(out, "<p>Body: {}</p>", shape(&body["schema"]));
    }
    out.push_str("<ul>");
    for (status, response) in entries(&operation["responses"]) {
        let schema = entries(&response["content"]).next().map(|(_, content)| shape(&content["schema"]));
        let _ = write!(
            out,
            "<li><b>{}</b> {} {}</li>",
            escape(status),
            text(&response["description"]),
            schema.unwrap_or_default()
        );
    }
    out.push_str("</ul></section>");
}

fn render_fields(out: &mut String, schema: &Value) {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("<code>{}</code>", text(word))).collect();
        let _ = write!(out, "<p>One of {}.</p>", words.join(", "));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        render_fields(out, part);
    }
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        render_fields(out, part);
    }
    if schema["properties"].is_object() {
        out.push_str("<table><tr><th>field</th><th>type</th><th>meaning</th></tr>");
        for (name, field) in entries(&schema["properties"]) {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escape(name),
                shape(field),
                text(&field["description"])
            );
        }
        out.push_str("</table>");
    }
}

/// A schema in a few words, with links to named ones.
fn shape(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(shape).collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", shape(&schema["items"])),
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join(" or ")
        }
        _ => String::from("any"),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn first<'a>(one: &'a Value, other: &'a Value) -> &'a Value {
    if one.is_string() { one } else { other }
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Code Reader API</title><style>\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:auto;padding:1rem}\
section{border-top:1px solid #8884;padding:.5rem 0}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0}\
td{overflow-wrap:anywhere}td:first-child{min-width:6.5rem}td:nth-child(2){min-width:4rem}\
th{font-weight:600;opacity:.7}small{opacity:.6}</style></head><body><main>";

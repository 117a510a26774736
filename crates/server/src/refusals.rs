//! What any handler may refuse, declared once: guard, extractors and stores answer before and below all of them.
//!
//! What only some refuse (a conflict, a body of the wrong kind) stands with their handlers.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};

/// Who asks whether the server lives carries no token.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Adds to each operation the refusals that follow from its path, its parameters and the guard.
pub fn declare(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        for operation in operations(item) {
            let has_parameters = operation.parameters.iter().flatten().any(|parameter| match parameter {
                RefOr::T(parameter) => {
                    matches!(parameter.parameter_in, ParameterIn::Path | ParameterIn::Query)
                }
                RefOr::Ref(_) => true,
            });
            let has_body = operation.request_body.is_some();
            let mut refuse = |status: &str, why: &str| {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(why)));
            };
            if has_parameters {
                refuse(
                    "400",
                    "a parameter cannot be read, the beginning of an id fits several, or several Host headers",
                );
            } else {
                refuse("400", "several Host headers");
            }
            refuse("405", "a method that the path does not take; /docs lists those that it takes");
            if has_body {
                refuse("408", "nothing more of the body came for too long");
            }
            refuse("403", "a foreign host, or a page of another site that would change something");
            if OPEN.contains(&path.as_str()) {
                continue;
            }
            refuse("401", "a token is needed");
            refuse("500", "the server made a mistake");
            refuse("503", "the database or the queue does not answer, or the disk is full");
            if path.contains("{id}") {
                refuse("404", "no analysis of that id or name");
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn problem(why: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(why).content("application/problem+json", content).build()
}

//! Routes whose path and method stand apart.

use super::*;

#[test]
fn a_method_without_a_path_has_that_of_its_type() {
    assert_eq!(
        routes(&read("items.cs")),
        [
            "GET /api/Items ItemsController.All",
            "POST /api/Items/new ItemsController.Post",
            "DELETE /api/Items/{id} ItemsController.Delete",
            "POST /Pages/Somewhere PagesController.Somewhere",
            "POST /api/Orders/Place OrdersController.Place",
        ]
    );
    assert_eq!(
        routes(&read("Resource.java")),
        ["GET /jax Resource.all", "POST /jax/r Resource.r", "ANY /jax/sub Resource.sub"]
    );
}

#[test]
fn routes_in_a_group_start_with_its_path() {
    assert_eq!(routes(&read("ktor.kt")), ["GET /health -", "GET /api/users -", "POST /api/v1/users -"]);
    assert_eq!(routes(&read("nested.rs")), ["GET /top top", "POST /api/users create"]);
}

#[test]
fn decorators_and_tables_of_small_frameworks_declare_routes() {
    assert_eq!(routes(&read("bottle.py")), ["GET /plain plain", "GET /x plain", "ANY /y View"]);
}

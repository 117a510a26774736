//! A small application per framework: each route where its router is mounted.

use crate::knowledge::tests::base_of;

/// All routes of the files as `METHOD path`, sorted.
fn routes(files: &[(&str, &str)]) -> Vec<String> {
    let (_folder, base) = base_of(files);
    let all = base.all_facts().expect("facts");
    let routes = all.iter().flat_map(|facts| &facts.routes);
    let mut routes: Vec<String> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
    routes.sort();
    routes
}

const EXPRESS_ROUTER: &str = "const express = require('express');\nconst router = express.Router();\nrouter.get('/', list);\nrouter.get('/:id', show);\nmodule.exports = router;\n";

#[test]
fn express_routers_answer_where_they_are_used() {
    let app = "const express = require('express');\nconst users = require('./routes/users');\nimport posts, { drafts } from './routes/posts';\nconst app = express();\napp.get('/health', health);\napp.use(express.json());\napp.use('/users', auth, users);\napp.use('/posts', posts);\napp.use('/drafts', drafts);\napp.use('/inline', require('./routes/inline'));\n";
    let posts = "import { Router } from 'express';\nexport const drafts = Router();\nconst router = Router();\ndrafts.get('/new', add);\nrouter.post('/', create);\nexport default router;\n";
    let inline = "module.exports = (app) => {\n  const router = require('express').Router();\n  router.get('/here', here);\n  return router;\n};\n";
    let found = routes(&[
        ("app.js", app),
        ("routes/users.js", EXPRESS_ROUTER),
        ("routes/posts.js", posts),
        ("routes/inline.js", inline),
    ]);
    assert_eq!(
        found,
        ["GET /drafts/new", "GET /health", "GET /inline/here", "GET /users", "GET /users/:id", "POST /posts"]
    );
}

#[test]
fn routers_in_routers_join_and_one_at_two_prefixes_has_both() {
    let app =
        "const app = require('express')();\nconst api = require('./api');\napp.use(['/v1', '/v2'], api);\n";
    let api = "const { Router } = require('express');\nconst users = require('./users');\nconst api = Router();\napi.use('/users', users);\nexports = module.exports = api;\n";
    let found = routes(&[("app.js", app), ("api.js", api), ("users.js", EXPRESS_ROUTER)]);
    assert_eq!(found, ["GET /v1/users", "GET /v1/users/:id", "GET /v2/users", "GET /v2/users/:id"]);
}

#[test]
fn circles_end() {
    let a = "const router = require('express').Router();\nconst b = require('./b');\nrouter.get('/a', a);\nrouter.use('/in-a', b);\nmodule.exports = router;\n";
    let b = "const router = require('express').Router();\nconst a = require('./a');\nrouter.get('/b', b);\nrouter.use('/in-b', a);\nrouter.use('/itself', router);\nmodule.exports = router;\n";
    let found = routes(&[("a.js", a), ("b.js", b)]);
    assert_eq!(found, ["GET /in-a/b", "GET /in-b/a"]);
}

#[test]
fn files_that_all_mount_each_other_end_in_time() {
    let names: Vec<String> = (0..40).map(|number| format!("r{number}")).collect();
    let uses: String =
        names.iter().map(|name| format!("router.use('/{name}', require('./{name}'));\n")).collect();
    let text = format!(
        "const router = require('express').Router();\nrouter.get('/x', x);\n{uses}module.exports = router;\n"
    );
    let files: Vec<(String, &str)> = names.iter().map(|name| (format!("{name}.js"), text.as_str())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let found = routes(&files);
    assert!((40..=40 * 16).contains(&found.len()), "{}", found.len());
}

#[test]
fn nothing_is_guessed_where_imports_do_not_lead() {
    let app = "const app = require('express')();\nconst users = require('users');\napp.use('/users', users);\napp.use('/other', router);\napp.use(unknown(), router);\n";
    let test = "const app = require('express')();\napp.use('/test', require('../routes/users'));\n";
    let found =
        routes(&[("app.js", app), ("routes/users.js", EXPRESS_ROUTER), ("tests/users.test.js", test)]);
    assert_eq!(found, ["GET /", "GET /:id"]);
}

#[test]
fn functions_of_express_fill_the_router_that_they_get() {
    let app = "const app = require('express')();\nconst register = require('./users');\nconst api = express.Router();\nregister(api);\napp.use('/api', api);\n";
    let users = "module.exports = function (router) {\n  router.route('/x').all(auth).get(auth, show).post(create);\n  router.get('/users', list);\n};\n";
    assert_eq!(
        routes(&[("app.js", app), ("users.js", users)]),
        ["ANY /api/x", "GET /api/users", "GET /api/x", "POST /api/x"]
    );
}

#[test]
fn koa_and_hono_mount_by_other_names() {
    let app = "import Koa from 'koa';\nimport users from './users';\nimport { posts } from './posts';\nconst app = new Koa();\napp.use(users.routes());\napp.route('/posts', posts);\n";
    let users = "import Router from '@koa/router';\nconst router = new Router({ prefix: '/users' });\nrouter.get('/:id', show);\nexport default router;\n";
    let posts = "import { Hono } from 'hono';\nexport const posts = new Hono();\nposts.get('/', list);\n";
    let found = routes(&[("app.js", app), ("users.js", users), ("posts.js", posts)]);
    assert_eq!(found, ["GET /posts", "GET /users/:id"]);
}

#[test]
fn plugins_of_fastify_have_the_prefix_they_are_registered_with() {
    let app = "const fastify = require('fastify')();\nfastify.register(require('./v1'), { prefix: '/v1' });\nfastify.register(async (inner) => {\n  inner.get('/inner', inner);\n}, { prefix: '/closed' });\n";
    let v1 = "module.exports = async function (fastify, options) {\n  fastify.get('/x', show);\n  fastify.register(users, { prefix: '/users' });\n};\nasync function users(fastify) {\n  fastify.post('/', create);\n}\n";
    let found = routes(&[("app.js", app), ("v1.js", v1)]);
    assert_eq!(found, ["GET /closed/inner", "GET /v1/x", "POST /v1/users"]);
    let modern = "import fastify from 'fastify';\nimport v1 from './v1';\nconst app = fastify();\napp.register(v1, { prefix: '/v1' });\n";
    let v1 = "export default async function (fastify: FastifyInstance) {\n  fastify.get('/x', show);\n}\n";
    assert_eq!(routes(&[("app.ts", modern), ("v1.ts", v1)]), ["GET /v1/x"]);
}

#[test]
fn the_prefix_of_a_blueprint_is_that_of_its_registration() {
    let init = "from flask import Flask\n\ndef create_app():\n    app = Flask(__name__)\n    from . import users, posts\n    from .nested import parent\n    app.register_blueprint(users.bp)\n    app.register_blueprint(posts.bp, url_prefix='/articles')\n    app.register_blueprint(parent, url_prefix='/p')\n    return app\n";
    let users = "from flask import Blueprint\nbp = Blueprint('users', __name__, url_prefix='/users')\n\n@bp.route('/<int:id>')\ndef show(id):\n    pass\n";
    let posts = "from flask import Blueprint\nbp = Blueprint('posts', __name__, url_prefix='/posts')\n\n@bp.route('/')\ndef list():\n    pass\n";
    let nested = "from flask import Blueprint\nparent = Blueprint('parent', __name__, url_prefix='/parent')\nchild = Blueprint('child', __name__, url_prefix='/child')\nparent.register_blueprint(child)\nfrom . import views\n";
    let views = "from .nested import child\n\n@child.get('/x')\ndef x():\n    pass\n";
    let found = routes(&[
        ("app/__init__.py", init),
        ("app/users.py", users),
        ("app/posts.py", posts),
        ("app/nested.py", nested),
        ("app/views.py", views),
    ]);
    assert_eq!(found, ["GET /articles", "GET /p/child/x", "GET /users/<int:id>"]);
}

#[test]
fn both_prefixes_of_a_router_of_fastapi_are_joined() {
    let main = "from fastapi import FastAPI\nfrom app.api import api_router\nfrom app.config import settings\napp = FastAPI()\napp.include_router(api_router, prefix=settings.API_V1)\n";
    let api = "from fastapi import APIRouter\nfrom app.routes import users, login\napi_router = APIRouter()\napi_router.include_router(users.router, prefix='/users', tags=['users'])\napi_router.include_router(login.router)\n";
    let users = "from fastapi import APIRouter\nrouter = APIRouter(prefix='/all')\n\n@router.get('/{id}')\ndef show():\n    pass\n";
    let login = "from fastapi import APIRouter\nrouter = APIRouter(tags=['login'])\n\n@router.post('/login')\ndef login():\n    pass\n";
    let found = routes(&[
        ("app/__init__.py", ""),
        ("app/main.py", main),
        ("app/api.py", api),
        ("app/config.py", "class Settings:\n    API_V1: str = '/api/v1'\nsettings = Settings()\n"),
        ("app/routes/__init__.py", ""),
        ("app/routes/users.py", users),
        ("app/routes/login.py", login),
    ]);
    assert_eq!(found, ["GET /<settings.API_V1>/users/all/{id}", "POST /<settings.API_V1>/login"]);
}

#[test]
fn django_includes_patterns_of_modules_and_lists() {
    let urls = "from django.urls import include, path\nfrom rest_framework import routers\nrouter = routers.DefaultRouter()\nrouter.register('groups', GroupViewSet)\nextra = [path('more/', views.more)]\nextra.append(path('added/', views.added))\nurlpatterns = [\n    path('', views.home),\n    path('users/', include('users.urls')),\n    path('api/', include(router.urls)),\n    path('extra/', include(extra)),\n    path('here/', include([path('x/', views.x)])),\n    path('outside/', include('other.urls')),\n]\n";
    let users = "from django.urls import path\nurlpatterns = [path('<int:pk>/', views.show)]\n";
    let found = routes(&[("site/urls.py", urls), ("users/__init__.py", ""), ("users/urls.py", users)]);
    assert_eq!(
        found,
        [
            "ANY ",
            "ANY api/groups",
            "ANY extra/added/",
            "ANY extra/more/",
            "ANY here/x/",
            "ANY outside/",
            "ANY users/<int:pk>/"
        ]
    );
}

#[test]
fn axum_routers_of_other_modules_are_nested() {
    let main = "mod users;\nmod orders;\nfn app() -> Router {\n    let orders = orders::router().layer(x);\n    Router::new().nest(\"/users\", users::router()).nest(\"/v1\", Router::new().nest(\"/orders\", orders)).merge(Self::health())\n}\n";
    let users = "use crate::users::admin;\nmod admin;\npub fn router() -> Router {\n    Router::new().route(\"/\", get(list)).nest(\"/admin\", admin::router())\n}\n";
    let found = routes(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", main),
        ("src/users/mod.rs", users),
        (
            "src/users/admin.rs",
            "pub fn router() -> Router {\n    Router::new().route(\"/all\", delete(all))\n}\n",
        ),
        (
            "src/orders.rs",
            "pub fn router() -> Router {\n    let r = Router::new().route(\"/{id}\", get(show));\n    r\n}\n#[cfg(test)]\nmod tests {\n    fn app() -> Router { Router::new().nest(\"/test\", super::router()) }\n}\n",
        ),
    ]);
    assert_eq!(found, ["DELETE /users/admin/all", "GET /users", "GET /v1/orders/{id}"]);
}

#[test]
fn axum_functions_of_one_file_answer_where_their_routers_are_nested() {
    let mounted = include_str!("../../../tests/fixtures/languages/mounted.rs");
    let found = routes(&[("Cargo.toml", "[package]\nname = \"a\"\n"), ("src/main.rs", mounted)]);
    assert_eq!(
        found,
        [
            "GET /health",
            "GET /v1/users",
            "GET /v1/users/{id}",
            "GET /v2/users",
            "GET /v2/users/{id}",
            "POST /v1/orders",
            "POST /v2/orders"
        ]
    );
}

#[test]
fn variables_of_axum_are_told_apart_by_what_binds_them() {
    let main = "mod users;\nmod debug;\nasync fn main() {\n    let app = app();\n    let app = Router::new().nest(\"/base\", app);\n    serve(app).await;\n}\nfn app() -> Router {\n    let base = users::router();\n    let users = base.layer(x);\n    let (router, doc) = OpenApiRouter::new().route(\"/doc\", get(doc)).split_for_parts();\n    let mut app = Router::new().route(\"/health\", get(health));\n    app = if open() { app.route(\"/open\", get(open)) } else { app };\n    if debug() {\n        app = app.nest(\"/debug\", debug::router().route(\"/more\", get(more)));\n    }\n    let app = app.nest(\"/users\", users).merge(router);\n    app\n}\n";
    let router = |path: &str| {
        format!("pub fn router() -> Router {{\n    Router::new().route(\"{path}\", get(x))\n}}\n")
    };
    let found = routes(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", main),
        ("src/users.rs", &router("/{id}")),
        ("src/debug.rs", &router("/vars")),
    ]);
    let all = ["debug/more", "debug/vars", "doc", "health", "open", "users/{id}"];
    assert_eq!(found, all.map(|path| format!("GET /base/{path}")));
}

#[test]
fn an_axum_router_that_goes_on_in_a_function_answers_where_that_is_nested() {
    let main = "mod users;\nfn app() -> Router { Router::new().nest(\"/v1\", api()) }\nfn api() -> Router { users::router().nest(\"/own\", Router::new().route(\"/x\", get(x))) }\n";
    let users = "pub fn router() -> Router { Router::new().route(\"/users\", get(list)) }\n";
    let found = routes(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", main),
        ("src/users.rs", users),
    ]);
    assert_eq!(found, ["GET /v1/own/x", "GET /v1/users"]);
}

#[test]
fn actix_scopes_are_configured_by_functions_of_other_modules() {
    let main = "mod users;\nfn config(cfg: &mut ServiceConfig) {\n    cfg.service(web::scope(\"/api\").configure(users::config).service(users::me).route(\"/health\", web::get().to(health)));\n}\n";
    let users = "pub fn config(cfg: &mut ServiceConfig) {\n    cfg.service(list).service(web::scope(\"/users\").route(\"/{id}\", web::get().to(show)));\n}\n#[get(\"/users\")]\nasync fn list() {}\n#[get(\"/me\")]\npub async fn me() {}\n";
    let found = routes(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", main),
        ("src/users.rs", users),
    ]);
    assert_eq!(found, ["GET /api/health", "GET /api/me", "GET /api/users", "GET /api/users/{id}"]);
}

#[test]
fn groups_of_go_are_handed_to_other_packages() {
    let main = "package main\n\nimport (\n\t\"example.com/shop/users\"\n\t\"example.com/shop/orders\"\n\t\"github.com/gin-gonic/gin\"\n)\n\nfunc main() {\n\tr := gin.Default()\n\tr.GET(\"/ping\", ping)\n\tusers.Register(r.Group(\"/users\"))\n\tapi := r.Group(\"/api\")\n\tv1 := api.Group(\"/v1\")\n\t{\n\t\tv1.GET(\"/here\", here)\n\t\torders.Register(v1)\n\t}\n}\n";
    let users = "package users\n\nfunc Register(g *gin.RouterGroup) {\n\tg.GET(\"/:id\", show)\n\tadmin := g.Group(\"/admin\")\n\tadmin.POST(\"\", create)\n\tadmin.POST(\"/new\", create)\n}\n";
    let orders = "package orders\n\nfunc Register(g *gin.RouterGroup) {\n\tg.GET(\"/orders\", list)\n}\n";
    let found = routes(&[
        ("go.mod", "module example.com/shop\n"),
        ("main.go", main),
        ("users/users.go", users),
        ("orders/orders.go", orders),
    ]);
    assert_eq!(
        found,
        ["GET /api/v1/here", "GET /api/v1/orders", "GET /ping", "GET /users/:id", "POST /users/admin/new"]
    );
}

#[test]
fn routers_of_chi_and_gorilla_are_mounted() {
    let main = "package main\n\nimport \"example.com/shop/users\"\n\nfunc main() {\n\tr := chi.NewRouter()\n\tr.Mount(\"/users\", users.Routes())\n\tr.Mount(\"/things\", thingsResource{}.Routes())\n\tr.Route(\"/api\", func(r chi.Router) {\n\t\tr.Get(\"/x\", x)\n\t\tr.Mount(\"/users\", users.Routes())\n\t})\n\tm := mux.NewRouter()\n\ts := m.PathPrefix(\"/old\").Subrouter()\n\ts.HandleFunc(\"/y\", y)\n}\n\nfunc (t thingsResource) Routes() chi.Router {\n\tr := chi.NewRouter()\n\tr.Get(\"/all\", t.all)\n\treturn r\n}\n\ntype thingsResource struct{}\n";
    let users = "package users\n\nfunc Routes() chi.Router {\n\tr := chi.NewRouter()\n\tr.Get(\"/{id}\", show)\n\treturn r\n}\n";
    let found =
        routes(&[("go.mod", "module example.com/shop\n"), ("main.go", main), ("users/users.go", users)]);
    assert_eq!(
        found,
        ["ANY /old/y", "GET /api/users/{id}", "GET /api/x", "GET /things/all", "GET /users/{id}"]
    );
}

#[test]
fn laravel_and_slim_group_routes_in_functions_and_files() {
    let provider = "<?php\nnamespace App\\Providers;\nclass RouteServiceProvider {\n    public function boot() {\n        Route::middleware('api')->prefix('api')->group(base_path('routes/api.php'));\n        Route::prefix('shop')->group(__DIR__ . '/shop.php');\n    }\n}\n";
    let api = "<?php\nRoute::get('/users', [UserController::class, 'index']);\nRoute::prefix('admin')->group(function () {\n    Route::get('logs', 'LogController@index');\n});\nRoute::group(['middleware' => 'auth', 'prefix' => 'me'], function () {\n    Route::post('avatar', 'Me@avatar');\n});\n";
    let slim =
        "<?php\n$app->group('/v1', function ($group) {\n    $group->get('/things', Things::class);\n});\n";
    let found = routes(&[
        ("app/Providers/RouteServiceProvider.php", provider),
        ("app/Providers/shop.php", "<?php\nRoute::get('items', 'Items@index');\n"),
        ("routes/api.php", api),
        ("slim.php", slim),
    ]);
    assert_eq!(
        found,
        ["GET /api/admin/logs", "GET /api/users", "GET /shop/items", "GET /v1/things", "POST /api/me/avatar"]
    );
}

#[test]
fn rails_tells_the_routes_of_resources_in_what_holds_them() {
    let drawn = "Rails.application.routes.draw do\n  root to: 'home#index'\n  get 'about', to: 'pages#about'\n  match '/login', :to => 'account#login', :via => [:get, :post]\n  mount Sidekiq::Web => '/sidekiq'\n  namespace :admin do\n    resources :users, only: [:index, :show]\n    scope '/v1' do\n      get 'stats' => 'stats#show'\n    end\n  end\n  resources :companies, path: 'firms', only: %i[update] do\n    collection do\n      get :search\n    end\n    post :close, on: :member\n    shallow do\n      resources :offices, except: [:new, :edit, :index]\n    end\n    resource :logo, only: :show\n  end\n  concern :commentable do\n    resources :comments\n  end\nend\n";
    let controller =
        "class AboutController\n  def show\n    head :unauthorized\n    get :nothing\n  end\nend\n";
    let found = routes(&[("config/routes.rb", drawn), ("app/controllers/about_controller.rb", controller)]);
    assert_eq!(
        found,
        [
            "ANY /sidekiq",
            "GET /",
            "GET /about",
            "GET /admin/users",
            "GET /admin/users/:id",
            "GET /admin/v1/stats",
            "GET /firms/:company_id/logo",
            "GET /firms/search",
            "GET,PATCH,PUT,DELETE /offices/:id",
            "GET,POST /login",
            "PATCH,PUT /firms/:id",
            "POST /firms/:company_id/offices",
            "POST /firms/:id/close"
        ]
    );
}

#[test]
fn variables_stand_for_the_functions_that_gave_them() {
    let app = "const app = require('express')();\nconst users = require('./users')(db);\nconst posts = makePosts(db);\napp.use('/users', users);\napp.use('/posts', posts);\nfunction makePosts(db) {\n  const router = Router();\n  router.get('/p', show);\n  return router;\n}\n";
    let users = "module.exports = (db) => {\n  const router = Router();\n  router.get('/u', show);\n  return router;\n};\n";
    assert_eq!(routes(&[("app.js", app), ("users.js", users)]), ["GET /posts/p", "GET /users/u"]);
    let main = "from flask import Flask\nfrom api import create_api\n\ndef create_app():\n    app = Flask(__name__)\n    api = create_api()\n    app.register_blueprint(api, url_prefix='/api')\n    return app\n";
    let api = "from flask import Blueprint\n\ndef create_api():\n    bp = Blueprint('api', __name__)\n\n    @bp.get('/x')\n    def x():\n        pass\n\n    return bp\n";
    assert_eq!(routes(&[("main.py", main), ("api.py", api)]), ["GET /api/x"]);
    let main = "package main\n\nimport \"example.com/shop/users\"\n\nfunc main() {\n\tr := chi.NewRouter()\n\tmounted := users.Routes()\n\tr.Mount(\"/users\", mounted)\n}\n";
    let users = "package users\n\nfunc Routes() chi.Router {\n\tr := chi.NewRouter()\n\tr.Get(\"/{id}\", show)\n\treturn r\n}\n";
    let found =
        routes(&[("go.mod", "module example.com/shop\n"), ("main.go", main), ("users/users.go", users)]);
    assert_eq!(found, ["GET /users/{id}"]);
}

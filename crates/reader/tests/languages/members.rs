//! What of a type is visible, and where the routes of its methods start.

use std::time::Duration;

use reader::Language;
use reader::languages::{Engine, Extract, spec_of};

use super::routes;

fn read(language: Language, text: &str) -> Extract {
    let spec = spec_of(language).expect("its language has a grammar");
    Engine::new(spec).expect("its query compiles").extract("a", text, Duration::from_secs(20))
}

/// The qualified names of the visible symbols.
fn visible(found: &Extract) -> Vec<String> {
    let exported = found.symbols.iter().filter(|symbol| symbol.exported);
    exported.map(reader::Symbol::qualified_name).collect()
}

#[test]
fn sections_of_a_cpp_class_hide_and_show() {
    let found = read(
        Language::Cpp,
        "class Table {\n  int rows_;\n  struct Rep {\n    int n;\n  };\n public:\n  Table();\n  int size() const;\n\
         \x20 struct Row {\n    int cells;\n   private:\n    int width;\n  };\n  class Iter {\n    int at;\n  };\n  int after();\n\
         protected:\n  void grow();\n private:\n  void shrink();\n  template <class T> void each(T f);\n};\n\
         struct Open {\n  int x;\n private:\n  int y;\n};\n\
         class Empty : public Table {\n};\n\
         void Table::shrink() {}\nint Table::size() const { return 0; }\n",
    );
    assert_eq!(
        visible(&found),
        [
            "Table",
            "Table.Table",
            "Table.size",
            "Table.Row",
            "Table.Row.cells",
            "Table.Iter",
            "Table.after",
            "Open",
            "Open.x",
            "Empty",
            "Table.size",
        ]
    );
}

#[test]
fn private_hides_methods_in_ruby() {
    let found = read(
        Language::Ruby,
        "class Shop\n  def open\n  end\n\n  private\n\n  LIMIT = 3\n\n  def count\n  end\n\n  def self.make\n  end\n\n\
         \x20 public\n\n  def close\n  end\n\n  def lock\n  end\n  private :lock\n\n  private def turn\n  end\n\n\
         \x20 def last\n  end\nend\n\nclass Other\n  def count\n  end\nend\n",
    );
    assert_eq!(
        visible(&found),
        ["Shop", "Shop.open", "Shop.LIMIT", "Shop.make", "Shop.close", "Shop.last", "Other", "Other.count"]
    );
}

#[test]
fn routes_start_with_the_path_of_their_type() {
    let nest = read(
        Language::TypeScript,
        "@Controller('cats')\nexport class Cats {\n  @Get(':id')\n  one() {}\n\n  @Post()\n  add() {}\n}\n\n\
         @Controller()\nexport class Root {\n  @Get('health')\n  health() {}\n}\n",
    );
    assert_eq!(routes(&nest), ["GET /cats/:id Cats.one", "POST /cats Cats.add", "GET /health Root.health"]);
    let spring = read(
        Language::Java,
        "@RestController\n@RequestMapping(\"/api/users\")\nclass Users {\n  @GetMapping(\"/{id}\")\n  User one(int id) { return null; }\n\n\
         \x20 @PostMapping\n  void add() {}\n}\n\nclass Plain {\n  @GetMapping(\"/up\")\n  void up() {}\n}\n",
    );
    assert_eq!(
        routes(&spring),
        ["GET /api/users/{id} Users.one", "POST /api/users Users.add", "GET /up Plain.up"]
    );
    let asp = read(
        Language::CSharp,
        "[Route(\"api/[controller]\")]\npublic class UsersController {\n  [HttpGet(\"{id}\")]\n  public User One(int id) { return null; }\n}\n",
    );
    assert_eq!(routes(&asp), ["GET /api/Users/{id} UsersController.One"]);
    let symfony = read(
        Language::Php,
        "<?php\n#[Route('/blog')]\nclass Blog {\n  #[Route('/{id}', methods: ['GET'])]\n  public function one() {}\n}\n\n\
         #[Route('/ping')]\nclass Ping {\n  public function __invoke() {}\n}\n",
    );
    assert_eq!(routes(&symfony), ["GET /blog/{id} Blog.one", "ANY /ping Ping"]);
}

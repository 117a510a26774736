use super::*;

#[test]
fn secrets_are_masked_and_the_rest_stays() {
    let github = format!("ghp_{}", "a1B2".repeat(9));
    let cases = [
        (format!("curl -H 'x: {github}'"), "curl -H 'x: ********'".to_owned()),
        ("key = AKIAIOSFODNN7EXAMPL2".into(), "key = ********".into()),
        ("password = \"hunter2!\"".into(), "password = \"********\"".into()),
        ("  'api_key': 'abcdef12',".into(), "  'api_key': '********',".into()),
        ("DB_PASSWORD=s3cr3tpw99".into(), "DB_PASSWORD=********".into()),
        ("const token: string = \"tok-en-1234\";".into(), "const token: string = \"********\";".into()),
        ("let secret_key = b\"0123456789abcdef\";".into(), "let secret_key = b\"********\";".into()),
        ("url = 'postgres://app:pa55word@db/x'".into(), "url = 'postgres://app:********@db/x'".into()),
        ("Authorization: Bearer abcdef0123456789abcdef".into(), "Authorization: Bearer ********".into()),
        ("if password == \"letmein9\" {".into(), "if password == \"********\" {".into()),
        ("ENV DB_PASSWORD hunter2value99".into(), "ENV DB_PASSWORD ********".into()),
        ("<password>hunter2value99</password>".into(), "<password>********</password>".into()),
        (
            "CREATE USER a WITH PASSWORD 'hunter2value99';".into(),
            "CREATE USER a WITH PASSWORD '********';".into(),
        ),
        ("os.getenv(\"API_KEY\", \"hunter2value99\")".into(), "os.getenv(\"API_KEY\", \"********\")".into()),
        ("run --token hunter2value99 --fast".into(), "run --token ******** --fast".into()),
        ("curl -u me:hunter2value99 https://x".into(), "curl -u me:******** https://x".into()),
    ];
    for (text, masked) in cases {
        assert_eq!(mask(&text), masked);
    }
}

#[test]
fn what_is_no_secret_is_left_alone() {
    let texts = [
        "password = input('password: ')",
        "token = parse_token(text)",
        "self.token = token",
        "password = os.environ['DB_PASSWORD']",
        "secret: ${{ secrets.TOKEN }}",
        "api_key = \"your-api-key\"",
        "url = 'https://user:$PASSWORD@host/'",
        "sk-learn is a library",
        "use tiktoken_rs::o200k_base_singleton;",
        "tokenizer = \"gpt2-large\"",
        "max_tokens: 4096ab12cd,",
        "tokens = count(x)  # eyJ is how they begin",
        "assert token == 'x'",
        "fn password(&self) -> &str {",
        "pub struct TokenStream2 { secret: Base64 }",
        "the token of the request is parsed in parse_token_v2 below",
        "[\"password\", \"username\", \"email\"]",
        "docker run -u 1000:1000 image",
        "Vec<Token> tokens_by_line_2024",
    ];
    for text in texts {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn a_private_key_is_masked_line_by_line() {
    let text =
        "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq2345678\n-----END RSA PRIVATE KEY-----\nb\n";
    let masked = "a\n-----BEGIN RSA PRIVATE KEY-----\n********\n********\n-----END RSA PRIVATE KEY-----\nb\n";
    assert_eq!(mask(text), masked);
    let line = "K = \"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\"";
    assert_eq!(mask(line), "K = \"-----BEGIN PRIVATE KEY-----********-----END PRIVATE KEY-----\"");
}

#[test]
fn a_key_header_in_passing_does_not_swallow_the_code_after_it() {
    let text = "if line.startswith('-----BEGIN PRIVATE KEY-----'):\n    return parse(line)\nx = long_function_name\n";
    assert!(mask(text).contains("    return parse(line)\nx = long_function_name\n"));
}

proptest::proptest! {
    #[test]
    fn any_text_keeps_its_lines(text in "[ -~\\n\\réü:='\"@/]{0,200}") {
        proptest::prop_assert_eq!(mask(&text).matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn masking_again_changes_nothing(text in "(password|token|x) ?[:=] ?[\"']?[a-z0-9*]{0,12}[\"']?") {
        let once = mask(&text).into_owned();
        proptest::prop_assert_eq!(mask(&once), once.clone());
    }
}

import HookgateCore
import HookgateTestSupport
import PostgresClient

/// A fleet whose every token, secret and patient's word is known, so that it can be searched for.
enum SecretFleet {
    static let current = WebhookToken(randomBytes: Array(100...131))
    static let retired = WebhookToken(randomBytes: Array(101...132))
    static let revoked = WebhookToken(randomBytes: Array(102...133))
    static let disabled = WebhookToken(randomBytes: Array(103...134))
    static let stranger = WebhookToken(randomBytes: Array(104...135))
    static let original = "0badcafe0badcafe0badcafe0badcafe"
    /// Its last character is not what the checksum wants.
    static let misspelt = String(WebhookToken(randomBytes: Array(105...136)).secretText.dropLast()) + "!"

    static let tokens = Canaries(
        texts: [current, retired, revoked, disabled, stranger].map { String($0.secretText.dropFirst(4)) }
            + [original, String(misspelt.dropFirst(4).dropLast())])

    static let words = Canaries(texts: [
        "TenhoDorDeDenteQ1", "MinhaMaeEstaDoenteQ2", "DonaMariaDoCarmoQ3", "LegendaDaRadiografiaQ4",
        "PalavraEmCorpoCortadoQ5", "PalavraDoErroQ6", "NomeDoGrupoDaFamiliaQ7", "RespostaCitadaQ8",
        "PalavraQueChegouTardeQ9",
    ])

    static let secrets = Canaries(texts: [
        "ApiKeyDaInstanciaS1", "ApiKeyGlobalS2", "eyJhbGciOiJIUzI1NiJ9.c2VncmVkbw.S3S3S3", "CodigoDePareamentoS4",
        "QRCodeEmBase64S5", "SegredoNoCabecalhoS6", "ChaveDoBearerS7", "SenhaDoRedisS8", "TokenDoAdminS9",
        "ChaveDaEvolutionS10", "SegundoFatorS11", "CaminhoDoAlarmeS12", "U2VncmVkb0RhRW50cmVnYTEyMzQ1Njc4OTA=",
        "SenhaDoDestinoS13", "ChaveDoDestinoS14", "U2VncmVkb0RvRGVzdGlub1MxNTEyMzQ1Njc4OTA=",
    ])

    /// How much may be held back of one integration: as much as the bodies of one round.
    static let heldEvents = 6

    static func settings(redis: RedisServer, evolution: String) -> [String: String] {
        [
            "LOG_LEVEL": "trace", "REDIS_URL": "redis+unix://:SenhaDoRedisS8@\(redis.socket)",
            "HOOKGATE_ADMIN_TOKEN": "TokenDoAdminS9-comprido", "EVOLUTION_API_URL": evolution,
            "EVOLUTION_API_KEY": "ChaveDaEvolutionS10", "EVOLUTION_WEBHOOK_SECRET": "SegundoFatorS11",
            "HOOKGATE_ALERT_URL": "http://127.0.0.1:9/CaminhoDoAlarmeS12",
            "HOOKGATE_DELIVER_URL": "https://hook:SenhaDoDestinoS13@backend.invalid/in?key=ChaveDoDestinoS14",
            "HOOKGATE_DELIVER_SECRET": "whsec_U2VncmVkb0RhRW50cmVnYTEyMzQ1Njc4OTA=",
            "HOOKGATE_QUARANTINE_MAX_EVENTS": "\(heldEvents)",
        ]
    }

    static func fill(_ database: TestDatabase) async throws {
        try await LegacyFleet.make(3, in: database)
        for (name, token, isEnabled) in [
            ("clinic-a", current.secretText, true), ("clinic-b", disabled.secretText, false),
            ("clinic-c", retired.secretText, true), ("clinic-d", revoked.secretText, true),
            ("clinic-e", original, true),
        ] {
            try await database.pool.query(
                """
                INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled,
                    webhook_token)
                VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', 'active',
                    jsonb_build_object('instance_name', $1::text), $2, $3)
                """, [name, isEnabled, token])
        }
        try await database.pool.execute(
            script: """
                UPDATE public.evolution_instances SET config = config || '{"apikey": "ApiKeyDaInstanciaS1"}';
                UPDATE healthcare.integrations SET webhook_token = 'another-token-of-nobody-1'
                WHERE config->>'instance_name' = 'clinic-d';
                UPDATE hookgate.tokens SET state = 'grace', grace_until = now() - interval '1 hour'
                WHERE digest = sha256(convert_to('\(retired.secretText)', 'UTF8'));
                """)
    }

    /// Bodies of every kind, each with words and secrets at the places where Evolution has them.
    static func bodies(_ instance: String, number: Int) -> [String] {
        let tail =
            #""destination":"http://h/webhooks/evolution/whatsapp/\#(current.secretText)","#
            + #""date_time":"2026-01-01T00:00:0\#(number % 10)Z","sender":"5511999990000@s.whatsapp.net","#
            + #""server_url":"http://e","apikey":"ApiKeyDaInstanciaS1","api_key":"ApiKeyGlobalS2""#
        func body(_ event: String, _ data: String) -> String {
            #"{"event":"\#(event)","instance":"\#(instance)","data":\#(data),\#(tail)}"#
        }
        return [
            body(
                "messages.upsert",
                #"{"key":{"remoteJid":"5511999990000@s.whatsapp.net","id":"ID\#(number)","fromMe":false},"pushName":"#
                    + #""DonaMariaDoCarmoQ3","message":{"conversation":"TenhoDorDeDenteQ1"}}"#),
            body(
                "messages.upsert",
                #"{"key":{"remoteJid":"5511999990000@s.whatsapp.net","id":"IM\#(number)"},"message":{"imageMessage":{"#
                    + #""caption":"LegendaDaRadiografiaQ4"}},"contextInfo":{"quotedMessage":{"conversation":"RespostaCitadaQ8"}}}"#
            ),
            body("groups.upsert", #"[{"subject":"NomeDoGrupoDaFamiliaQ7"}]"#),
            body(
                "qrcode.updated",
                #"{"qrcode":{"pairingCode":"CodigoDePareamentoS4","code":"QRCodeEmBase64S5","base64":"QRCodeEmBase64S5"}}"#
            ),
            body("new.jwt", #"{"jwt":"eyJhbGciOiJIUzI1NiJ9.c2VncmVkbw.S3S3S3"}"#),
            body("error", #"{"error":"PalavraDoErroQ6","message":["MinhaMaeEstaDoenteQ2"]}"#),
        ]
    }
}

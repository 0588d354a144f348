/// The tables of the old system, in the order in which their rows are trusted where two disagree.
package enum LegacySource: String, Sendable, CaseIterable {
    case evolutionInstances = "public.evolution_instances"
    case evolutionIntegrations = "public.evolution_integrations"
    case publicIntegrations = "public.integrations"
    case whatsappInstances = "healthcare.whatsapp_instances"
    case businessAccounts = "core.whatsapp_business_accounts"
    case businessConfig = "core.whatsapp_business_config"
    case businessConfigs = "core.whatsapp_business_configs"
    case conversations = "core.whatsapp_conversations"
    case clinicConfig = "healthcare.whatsapp_config"

    /// Whether rows of this table can be Evolution instances. The others are counted, reported and kept.
    package var yieldsInstances: Bool {
        switch self {
        case .evolutionInstances, .evolutionIntegrations, .publicIntegrations, .whatsappInstances: true
        case .businessAccounts, .businessConfig, .businessConfigs, .conversations, .clinicConfig: false
        }
    }

    package var schema: String { String(rawValue.prefix { $0 != "." }) }
    package var table: String { String(rawValue.drop { $0 != "." }.dropFirst()) }
}

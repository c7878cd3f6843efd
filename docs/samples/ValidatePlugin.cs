// A plug-in that asks validate and shows its message to the user. A sample: it was never compiled and never run.
// docs/validation.md explains validate. Register it synchronously at PreValidation instead of a webhook step: the address of validate
// as unsecure configuration, one of VALIDATE_KEYS as secure configuration, the pre image under the alias of the rules file.
using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text.RegularExpressions;
using Microsoft.Xrm.Sdk;

namespace DataverseOutbound.Samples
{
    public sealed class ValidatePlugin : IPlugin
    {
        // A plug-in has 2 minutes, and the user waits.
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

        // Whether operations go on while validate can't be asked. VALIDATE_UNJUDGED only says what validate itself answers.
        private static readonly bool GoesOnUnasked = true;

        private readonly string address;
        private readonly string key;

        public ValidatePlugin(string address, string key)
        {
            this.address = address;
            this.key = key;
        }

        public void Execute(IServiceProvider services)
        {
            var context = (IPluginExecutionContext)services.GetService(typeof(IPluginExecutionContext));
            var tracing = (ITracingService)services.GetService(typeof(ITracingService));
            Verdict verdict;
            try
            {
                verdict = Ask(BodyOf(context));
            }
            catch (Exception error)
            {
                tracing.Trace("validate was not asked: {0}", error.Message);
                if (GoesOnUnasked) return;
                throw new InvalidPluginExecutionException("The rules can't be asked now. Try again later.");
            }
            tracing.Trace("validate: allowed {0}, code {1}", verdict.Allowed, verdict.Code);
            // Plain text, at most 1,000 characters.
            if (!verdict.Allowed) throw new InvalidPluginExecutionException(verdict.Message);
        }

        private Verdict Ask(byte[] body)
        {
            using (var client = new HttpClient { Timeout = Limit })
            using (var content = new ByteArrayContent(body))
            {
                // https://learn.microsoft.com/power-apps/developer/data-platform/best-practices/business-logic/set-keepalive-false-interacting-external-hosts-plugin
                client.DefaultRequestHeaders.ConnectionClose = true;
                client.DefaultRequestHeaders.Add("x-dvo-key", key);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using (var response = client.PostAsync(address, content).GetAwaiter().GetResult())
                {
                    // 400 is a refusal; anything else but 200 says that the question was wrong.
                    if (response.StatusCode != HttpStatusCode.OK && response.StatusCode != HttpStatusCode.BadRequest)
                        throw new InvalidOperationException("validate answered " + (int)response.StatusCode);
                    using (var stream = response.Content.ReadAsStreamAsync().GetAwaiter().GetResult())
                        return (Verdict)new DataContractJsonSerializer(typeof(Verdict)).ReadObject(stream);
                }
            }
        }

        private static byte[] BodyOf(IPluginExecutionContext context)
        {
            var body = new ContextBody
            {
                MessageName = context.MessageName,
                Stage = context.Stage,
                Mode = context.Mode,
                Depth = context.Depth,
                PrimaryEntityName = context.PrimaryEntityName,
                PrimaryEntityId = context.PrimaryEntityId,
                CorrelationId = context.CorrelationId,
                OperationId = context.OperationId,
                OperationCreatedOn = context.OperationCreatedOn,
                UserId = context.UserId,
                InitiatingUserId = context.InitiatingUserId,
                BusinessUnitId = context.BusinessUnitId,
                OrganizationId = context.OrganizationId,
                InputParameters = ParametersOf(context),
                PreEntityImages = context.PreEntityImages,
            };
            using (var stream = new MemoryStream())
            {
                new DataContractJsonSerializer(typeof(ContextBody), KnownTypes).WriteObject(stream, body);
                return stream.ToArray();
            }
        }

        // Of messages on rows, rules see the rows only. The other parameters may have types that the serializer doesn't know, such
        // as the enum ConcurrencyBehavior of an Update.
        private static ParameterCollection ParametersOf(IPluginExecutionContext context)
        {
            if (!Regex.IsMatch(context.MessageName, "^(Create|Update|Delete)(Multiple)?$")) return context.InputParameters;
            var parameters = new ParameterCollection();
            foreach (var name in new[] { "Target", "Targets" })
                if (context.InputParameters.Contains(name)) parameters.Add(name, context.InputParameters[name]);
            return parameters;
        }

        private static readonly Type[] KnownTypes =
        {
            typeof(Entity), typeof(EntityCollection), typeof(EntityReference), typeof(EntityReferenceCollection),
            typeof(OptionSetValue), typeof(OptionSetValueCollection), typeof(Money), typeof(AliasedValue),
            typeof(BooleanManagedProperty), typeof(Relationship), typeof(Guid), typeof(byte[]), typeof(string[]),
        };

        // The members of RemoteExecutionContext that validate reads. The sandbox can't serialize private contracts.
        [DataContract]
        public sealed class ContextBody
        {
            [DataMember] public string MessageName { get; set; }
            [DataMember] public int Stage { get; set; }
            [DataMember] public int Mode { get; set; }
            [DataMember] public int Depth { get; set; }
            [DataMember] public string PrimaryEntityName { get; set; }
            [DataMember] public Guid PrimaryEntityId { get; set; }
            [DataMember] public Guid CorrelationId { get; set; }
            [DataMember] public Guid OperationId { get; set; }
            [DataMember] public DateTime OperationCreatedOn { get; set; }
            [DataMember] public Guid UserId { get; set; }
            [DataMember] public Guid InitiatingUserId { get; set; }
            [DataMember] public Guid BusinessUnitId { get; set; }
            [DataMember] public Guid OrganizationId { get; set; }
            [DataMember] public ParameterCollection InputParameters { get; set; }
            [DataMember] public EntityImageCollection PreEntityImages { get; set; }
        }

        [DataContract]
        public sealed class Verdict
        {
            [DataMember(Name = "allowed")] public bool Allowed { get; set; }
            [DataMember(Name = "code")] public string Code { get; set; }
            [DataMember(Name = "message")] public string Message { get; set; }
        }
    }
}

"""The messages behind what Home Assistant's doctor says in English (see ``told``)."""

from typing import Final

from app.wording.i18n import marked

TEXTS: Final = (
    marked("{source} refused access (HTTP 403)"),
    marked(
        "look for this machine's address in its ip_bans.yaml and in the rules of a proxy "
        "before it, then restart Home Assistant"
    ),
    marked("{source} refused the token (HTTP 401)"),
    marked(
        "make a long-lived access token on your profile page in Home Assistant and put it into "
        "secrets.yaml as home_assistant.token"
    ),
    marked("{source}: the address {url} answers, but not as {name} does (HTTP 404)"),
    marked("write home_assistant.url without a path, e.g. http://homeassistant.local:8123"),
    marked("{source} has no entity {entity}"),
    marked("check its name in the settings, and in Home Assistant under Developer tools, States"),
    marked("{source}: {entity} was last updated {minutes} minutes ago ({rule})"),
    marked("before this day began"),
    marked("at most {time} are believed"),
    marked("check that its device still reports"),
    marked("{source}: {entity} is unavailable"),
    marked("its device or integration is offline, look at it under Settings, Devices & services"),
    marked("{source}: {entity} is {text}"),
    marked(
        "it has not reported since Home Assistant started: wait for its first value, or reload "
        "its integration"
    ),
    marked("{source}: {entity} is {text}, not a number"),
    marked("map an entity that measures"),
    marked("{source}: {entity} is {value} with unit {unit}"),
    marked("a state of charge in % is needed"),
    marked("{source}: {entity} is {percent} %, outside 0-100"),
    marked("{source} did not send the history of {entity} within {seconds} s"),
    marked("empty"),
    marked("House consumption"),
    marked("Grid power"),
    marked("Grid import"),
    marked("Grid export"),
    marked("Sun"),
    marked("Battery level"),
    marked("Battery power"),
    marked("Battery charge"),
    marked("Battery discharge"),
    marked("Water heater"),
    marked("Hot water today"),
    marked("Outdoor temperature"),
    marked("No entity of Home Assistant is mapped"),
    marked("{number} to mend in {count} entities"),
    marked("{number} to look at in {count} entities"),
    marked("{number} to mend, {more} to look at in {count} entities"),
    marked("Home Assistant is not configured: there is nothing to examine"),
    marked(
        "write home_assistant.url and home_assistant.token, then map entities such as "
        "home_assistant.battery_soc_entity_id"
    ),
    marked(
        "check home_assistant.url ({url}), that Home Assistant runs, and that this machine "
        "reaches it"
    ),
    marked("Home Assistant did not answer every question within {seconds} s"),
    marked("Home Assistant has no history of {entity} in the last 24 hours"),
    marked("{entity} is unavailable since {time} UTC"),
    marked("{entity} is unknown"),
    marked("{entity} is none"),
    marked("{entity} is empty"),
    marked("{entity} is {text}, not a number"),
    marked("correct the name in {setting}"),
    marked("Home Assistant lists entities under Developer tools, States"),
    marked("its device or integration is offline: see Settings, Devices in Home Assistant"),
    marked(
        "it has had no value since Home Assistant started: wake the device, or see whether its "
        "integration needs a reload"
    ),
    marked("map an entity whose state is a number to {setting}"),
    marked("include it in Home Assistant's recorder (recorder: include or exclude)"),
    marked("run the doctor again"),
    marked("Home Assistant answered others"),
    marked("unit {unit}"),
    marked("no unit"),
    marked("unit no unit"),
    marked("unit no unit where {wanted} is needed"),
    marked("unit {unit} where {wanted} is needed"),
    marked("map an entity in {wanted} to {setting}"),
    marked("give {entity} a unit_of_measurement ({wanted})"),
    marked("{setting} takes a power"),
    marked("map counters to the two settings for import and export, or charge and discharge"),
    marked("choose °C as the unit of {entity} in Home Assistant"),
    marked("no state_class: Home Assistant keeps its states for days, and no statistics"),
    marked("give {entity} a state_class ({kind})"),
    marked("no gap"),
    marked("{total} without a value, the longest {longest}"),
    marked("see why the integration or the device drops out: its log in Home Assistant tells"),
    marked("fell {number} times in 24 h"),
    marked("a counter only rises"),
    marked(
        "it looks like a power or a stored energy with an energy unit: map a counter, or give "
        "{entity} the unit W or kW"
    ),
    marked("reset {number} times in 24 h"),
    marked("see why the device restarts"),
    marked("what it counted just before each reset is lost"),
    marked("fell and came back {number} times in 24 h"),
    marked("readings like the zero after a restart are left out"),
    marked("an availability template in Home Assistant avoids them"),
    marked("one reset"),
    marked("no reset"),
    marked("never negative"),
    marked("{below} kWh of negative power against {above} kWh of positive"),
    marked(
        "{entity} has two directions: write it as {first} with {second}: {ways}, and leave "
        "{setting} empty"
    ),
    marked(
        "{entity} looks like the grid's exchange, not the house's use: write it as "
        "home_assistant.grid_power_entity_id and map the house's own meter here"
    ),
    marked("reverse {entity} with a template sensor (its value times -1) and map that one"),
    marked("between {low} and {high} °C"),
    marked("map an outdoor thermometer in °C"),
    marked("goes on counting at midnight"),
    marked("what it rises since then is taken for the day"),
    marked("its history begins at {time} UTC"),
    marked("too early to say more"),
    marked("began anew {minutes} min after midnight"),
    marked("set the time zone of the device, or of Home Assistant, to the home's"),
    marked("began anew at midnight"),
    marked("the highest level in 24 h is {high} %: it is written as 0 to 1"),
    marked("multiply {entity} by 100 with a template sensor in %, and map that one to {setting}"),
    marked("between {low} and {high} %, outside 0 to 100"),
    marked("map the charge level in % to {setting}"),
    marked("{entity} measures something else"),
    marked("between {low} and {high} %"),
    marked("{power} kW over an hour where {limit} kW is the most"),
    marked("a usual hour has {power} W, {energy} kWh in 24 h: no house uses less"),
    marked("the best hour brought {power} W of {peak} kWp"),
    marked("snow or darkness explain it"),
    marked("otherwise the unit of {entity} must be {right}, not {wrong}"),
    marked(
        "the values look like {right}: correct the unit of {entity} in Home Assistant to "
        "{same}, or map another entity to {setting}"
    ),
    marked("{energy} kWh in 24 h, at most {power} kW over an hour"),
    marked("the settings say {limit} kW at most"),
    marked("raise {setting}, or map another entity"),
    marked("{number} readings of up to {power} kW, {minutes} min together"),
    marked("glitches of the device: they are dropped"),
    marked("a filter sensor over {entity} removes them in Home Assistant"),
    marked("write {setting}: {value}"),
    marked("exchange {one} and {other}"),
    marked("the battery hardly moved in 24 h"),
    marked("the level changed by {up} % while charging and by {down} % while discharging"),
    marked("level and power belong to different batteries, or one of them is delayed: check both"),
    marked("{as_mapped} % of the home's energy does not add up"),
    marked("turned round {turned} %"),
    marked("no hour without sun and battery to tell by"),
    marked("without sun and battery {bought} kWh came in and {sold} kWh went out"),
    marked("stood at {value} for {hours} h"),
    marked("stood at {value} for {hours} h, until now"),
    marked("{since}, while {missed}"),
    marked("stood still for {minutes} min at most"),
    marked("restart the integration behind {entity} and see its log"),
    marked("last confirmed {minutes} min ago"),
    marked("a reading counts for {hours} h"),
    marked(
        "let the integration of {entity} report unchanged values, too (a shorter polling "
        "interval, or a newer Home Assistant)"
    ),
    marked("the home's books need every meter, and some are not mapped or not read"),
    marked("map {settings}"),
    marked("{setting} (or {other})"),
    marked("only {hours} hours of the last 24 are known to every meter"),
    marked("look again when all meters have a day of history"),
    marked("{brought} kWh came in and {taken} kWh went out"),
    marked("hour by hour {percent} % does not add up"),
    marked("mend the entities marked red first, then look again"),
    marked("{fix}: that leaves {percent} %"),
    marked(
        "more comes in than goes out: home_assistant.consumption_entity_id misses a part of "
        "the house, or home_assistant.consumption_includes_water_heater must be false"
    ),
    marked(
        "more goes out than comes in: a source is not mapped or counts too little (a second "
        "inverter or string, an import phase), or the consumption counts something twice"
    ),
    marked("the battery's level and its energy cannot be compared"),
    marked("the battery moved by {percent} % only"),
    marked("look again later"),
    marked("the level moved {moved} % where the meters say {expected} %"),
    marked("{meters} count too little: check their unit (kW, not W) and that they are live"),
    marked(
        "the level moved {moved} % where the meters ({up} kWh in, {down} kWh out) say {expected} %"
    ),
    marked("{proof}: a battery of {implied} kWh, not {capacity} kWh"),
    marked("{setting} does not move with the battery: map its live level"),
    marked("the battery's sign is the wrong way round: see the entity marked red"),
    marked("{setting} is written as 0 to 1: map one in percent"),
    marked("the meters count a thousand times too much: check the unit of {meters} (W, Wh)"),
    marked("write battery.capacity_kwh: {kwh} if that is what the battery can use"),
    marked("otherwise check that {meters} count this battery alone"),
    marked("{measured} % of what went in came out again"),
    marked("the settings say {configured} %"),
    marked("write battery.roundtrip_efficiency_percent: {percent} if other days agree"),
    marked("one of the battery's meters misses energy: check that both count its AC side"),
)
